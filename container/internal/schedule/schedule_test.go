// SPDX-License-Identifier: Apache-2.0

package schedule_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/container/internal/schedule"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// before are the places after which each place comes.
type before map[int][]int

func (b before) each(place int, fn func(int)) {
	for _, other := range b[place] {
		fn(other)
	}
}

// recorded runs a schedule with work that is recorded.
func recorded(s *schedule.Schedule) (places []int) {
	s.Work = func(place int) { places = append(places, place) }
	s.Run()
	return places
}

func TestShortWorkRunsInTheOrderOfTheList(t *testing.T) {
	b := before{0: nil, 2: {1}, 3: {0, 2}}
	s := schedule.New(5, b.each)
	s.IsLong = func(int) bool { return false }
	if got := recorded(s); !slices.Equal(got, []int{0, 1, 2, 3, 4}) {
		t.Errorf("order %v", got)
	}
	s = schedule.NewReverse(5, b.each)
	s.IsLong = func(int) bool { return false }
	if got := recorded(s); !slices.Equal(got, []int{4, 3, 2, 1, 0}) {
		t.Errorf("reverse order %v", got)
	}
}

func TestNothingBeginsAfterAFalse(t *testing.T) {
	s := schedule.New(3, before{}.each)
	begun := 0
	s.IsLong = func(int) bool { return false }
	s.MayBegin = func() bool { begun++; return begun < 3 }
	if got := recorded(s); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("order %v", got)
	}
}

func TestTheLimitHoldsForLongWork(t *testing.T) {
	for limit, want := range map[int]time.Duration{1: 6 * time.Second, 2: 3 * time.Second, 100: time.Second} {
		synctest.Test(t, func(t *testing.T) {
			s := schedule.New(12, before{}.each)
			s.Limit = limit
			s.IsLong = func(place int) bool { return place%2 == 0 }
			s.Work = func(place int) {
				if place%2 == 0 {
					time.Sleep(time.Second)
				}
			}
			begun := time.Now()
			s.Run()
			if took := time.Since(begun); took != want {
				t.Errorf("%d at a time took %s, want %s", limit, took, want)
			}
		})
	}
}

// TestRandomSchedules checks that work ends before what comes after it begins.
func TestRandomSchedules(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		n := 1 + r.IntN(20)
		b := before{}
		for place := range n {
			for range r.IntN(3) {
				if place > 0 {
					b[place] = append(b[place], r.IntN(place))
				}
			}
		}
		for _, isReverse := range []bool{false, true} {
			t.Run(fmt.Sprint(b, isReverse), func(t *testing.T) { checkSchedule(t, n, b, isReverse) })
		}
	}
}

func checkSchedule(t *testing.T, n int, b before, isReverse bool) {
	synctest.Test(t, func(t *testing.T) {
		s := schedule.New(n, b.each)
		if isReverse {
			s = schedule.NewReverse(n, b.each)
		}
		var mu sync.Mutex
		ended := map[int]bool{}
		s.Limit = 3
		s.IsLong = func(place int) bool { return place%3 > 0 }
		s.Work = func(place int) {
			mu.Lock()
			for other := range n {
				comesBefore := slices.Contains(b[place], other)
				if isReverse {
					comesBefore = slices.Contains(b[other], place)
				}
				if comesBefore && !ended[other] {
					t.Errorf("%d began before %d had ended", place, other)
				}
			}
			mu.Unlock()
			if s.IsLong(place) {
				time.Sleep(time.Duration(1+place*7%5) * time.Second)
			}
			mu.Lock()
			ended[place] = true
			mu.Unlock()
		}
		s.Run()
		if len(ended) != n {
			t.Errorf("%d of %d have ended", len(ended), n)
		}
	})
}
