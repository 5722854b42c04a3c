// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// TestTheLastGoodAnswersAreBounded compares with a list that is kept in the order
// of use.
func TestTheLastGoodAnswersAreBounded(t *testing.T) {
	type entry struct{ key, value int }
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	const maxEntries, maxBytes = 6, 100
	l := resilience.NewLastGood[int, int](resilience.LastGoodConfig{
		MaxEntries: maxEntries, MaxBytes: maxBytes, Size: func(_, answer any) int64 { return int64(answer.(int)) },
	})
	var kept []entry // the one used last is the last
	take := func(key int) (e entry, ok bool) {
		i := slices.IndexFunc(kept, func(e entry) bool { return e.key == key })
		if i < 0 {
			return e, false
		}
		e = kept[i]
		kept = slices.Delete(kept, i, i+1)
		return e, true
	}
	bytes := func() (sum int) {
		for _, e := range kept {
			sum += e.value
		}
		return sum
	}
	for range 20_000 {
		key := random.IntN(12)
		if random.IntN(2) == 0 {
			value := 1 + random.IntN(maxBytes+20) // some are too large
			_, _ = l.Call(t.Context(), key, func(context.Context) (int, error) { return value, nil })
			take(key)
			if value <= maxBytes {
				kept = append(kept, entry{key, value})
			}
			for len(kept) > maxEntries || bytes() > maxBytes {
				kept = kept[1:]
			}
			continue
		}
		got, err := l.Call(t.Context(), key, func(context.Context) (int, error) { return 0, errDown })
		want, ok := take(key)
		if ok {
			kept = append(kept, want)
		}
		if got != want.value || (err == nil) != ok {
			t.Fatalf("%d: got %d, %v; want %d, %t", key, got, err, want.value, ok)
		}
	}
}

func TestSizesMayBeAsLargeAsTheyCan(t *testing.T) {
	for name, size := range map[string]int64{"the largest": math.MaxInt64, "more than half of it": math.MaxInt64/2 + 1} {
		l := resilience.NewLastGood[int, int](resilience.LastGoodConfig{
			MaxBytes: math.MaxInt64, MaxEntries: math.MaxInt, MaxAge: math.MaxInt64, Size: func(_, _ any) int64 { return size },
		})
		for key := range 4 {
			_, err := l.Call(t.Context(), key, func(context.Context) (int, error) { return key, nil })
			assert.NoError(t, err)
		}
		for key := range 4 {
			got, err := l.Call(t.Context(), key, func(context.Context) (int, error) { return -1, errDown })
			assert.Equal(t, key == 3, err == nil, "%s: only the last answer is kept: %d of %d", name, got, key)
		}
	}
}

func TestKeysThatEqualNothingAreNotKept(t *testing.T) {
	l := resilience.NewLastGood[float64, int](resilience.LastGoodConfig{MaxEntries: 1, MaxBytes: 10, Size: func(_, _ any) int64 { return 1 }})
	call := func(key float64, err error) error {
		_, err = l.Call(t.Context(), key, func(context.Context) (int, error) { return 1, err })
		return err
	}
	assert.NoError(t, call(1, nil))
	assert.NoError(t, call(math.NaN(), nil))
	assert.NoError(t, call(1, errDown), "it has taken the place of another")
}

func TestALimitInBytesNeedsASize(t *testing.T) {
	err := resilience.LastGoodConfig{MaxBytes: 1}.Validate()
	assert.ErrorIs(t, err, kernel.ErrConfig)
	assert.ErrorContains(t, err, "max-bytes needs Size")
}
