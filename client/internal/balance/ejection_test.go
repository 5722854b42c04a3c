// SPDX-License-Identifier: Apache-2.0

package balance_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/balance"
)

func TestFiveFailuresInARowEject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := balancerOf(t, "", "a:80", "b:80", "c:80")
		end(t, b, "a:80", balance.Failure, 4)
		end(t, b, "a:80", balance.Success, 1)
		end(t, b, "a:80", balance.Failure, 4)
		end(t, b, "a:80", balance.Ignored, 1)
		assert.Equal(t, balance.Up, states(b)["a:80"])
		end(t, b, "a:80", balance.Failure, 1)
		assert.Equal(t, balance.Ejected, states(b)["a:80"], "at once")
		assert.NotContains(t, picked(t, b, 1000), "a:80")

		time.Sleep(ejectionTime - time.Nanosecond)
		assert.NotContains(t, picked(t, b, 1000), "a:80")
		time.Sleep(time.Nanosecond)
		assert.Contains(t, picked(t, b, 1000), "a:80")
		assert.Equal(t, balance.Up, states(b)["a:80"])
	})
}

// The time of a pick is the caller's, so that a pick need not read the clock.
func TestAnEjectionEndsByTheTimeOfThePick(t *testing.T) {
	b := balancerOf(t, "", "a:80", "b:80")
	end(t, b, "a:80", balance.Failure, 5)
	p, err := b.Pick(t.Context(), balance.PickInfo{At: time.Now().Add(ejectionTime - time.Second)})
	require.NoError(t, err)
	assert.Equal(t, "b:80", p.Instance().Address)
	p, err = b.Pick(t.Context(), balance.PickInfo{At: time.Now().Add(ejectionTime + time.Second)})
	require.NoError(t, err)
	assert.Equal(t, "a:80", p.Instance().Address, "b has a request in flight")
}

func TestEjectionsGrow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := balancerOf(t, "", "a:80", "b:80")
		end(t, b, "a:80", balance.Failure, 4)
		for _, want := range []time.Duration{30, 60, 120, 240, 300, 300} {
			end(t, b, "a:80", balance.Failure, 1) // the first failure ejects again
			i := info(t, b, "a:80")
			require.Equal(t, balance.Ejected, i.State)
			require.Equal(t, want*time.Second, i.Until.Sub(i.Since))
			time.Sleep(want * time.Second)
		}
		end(t, b, "a:80", balance.Success, 1)
		end(t, b, "a:80", balance.Failure, 4)
		require.Equal(t, balance.Up, states(b)["a:80"], "a success forgives failures")
		end(t, b, "a:80", balance.Failure, 1)
		i := info(t, b, "a:80")
		require.Equal(t, 300*time.Second, i.Until.Sub(i.Since), "but not the ejections of late")

		time.Sleep(600 * time.Second)
		require.Equal(t, balance.Up, states(b)["a:80"])
		time.Sleep(300 * time.Second)
		end(t, b, "a:80", balance.Success, 1)
		end(t, b, "a:80", balance.Failure, 5)
		i = info(t, b, "a:80")
		require.Equal(t, 30*time.Second, i.Until.Sub(i.Since), "those of long ago")
	})
}

// Requests that began before an ejection say nothing of what comes after.
func TestLateResultsChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := balancerOf(t, balance.Random, "a:80", "b:80")
		late := make([]*balance.Picked, 20)
		for i := range late {
			late[i] = to(t, b, "a:80")
		}
		last := to(t, b, "a:80")
		for range 5 {
			late[0].Done(balance.Outcome{Result: balance.Failure})
			late = late[1:]
		}
		require.Equal(t, balance.Ejected, states(b)["a:80"])
		late[0].Done(balance.Outcome{Result: balance.Success})
		require.Equal(t, balance.Ejected, states(b)["a:80"])
		for _, p := range late[1:5] {
			p.Done(balance.Outcome{Result: balance.Failure})
		}
		i := info(t, b, "a:80")
		require.Equal(t, ejectionTime, i.Until.Sub(i.Since))
		time.Sleep(ejectionTime)
		require.Equal(t, balance.Up, states(b)["a:80"])
		for _, p := range late[5:] {
			p.Done(balance.Outcome{Result: balance.Failure})
		}
		require.Equal(t, balance.Up, states(b)["a:80"])
		last.Done(balance.Outcome{Result: balance.Success})
		end(t, b, "a:80", balance.Failure, 1)
		require.Equal(t, balance.Ejected, states(b)["a:80"], "the late success has forgiven nothing")
	})
}

func TestHowManyAreEjected(t *testing.T) {
	names := strings.Split("a:80 b:80 c:80 d:80 e:80 f:80 g:80 h:80 i:80 j:80", " ")
	for _, c := range []struct {
		share     float64
		zero      bool
		instances int
		most      int // that may be ejected
	}{
		{instances: 1, most: 0},
		{instances: 2, most: 1},
		{instances: 3, most: 1},
		{instances: 4, most: 2},
		{instances: 10, most: 5},
		{share: 0.1, instances: 3, most: 1},
		{share: 0.99, instances: 10, most: 9},
		{share: 1, instances: 3, most: 2},
		{share: 0.3, instances: 10, most: 3},
		{zero: true, instances: 10, most: 0},
	} {
		config := balance.OutlierDetectionConfig{MaxEjected: c.share}
		if c.zero {
			config.SetExplicitZero("max-ejected")
		}
		b := newBalancer(t, balance.Config{OutlierDetection: config})
		b.Update(at(names[:c.instances]...))
		for failing := 1; failing <= c.instances; failing++ {
			end(t, b, names[failing-1], balance.Failure, 5)
			ejected, stay := 0, 0
			for _, state := range states(b) {
				switch state {
				case balance.Ejected:
					ejected++
				case balance.Failing:
					stay++
				}
			}
			if failing <= c.most {
				require.Equal(t, []int{failing, 0}, []int{ejected, stay}, "%+v", c)
			} else {
				require.Equal(t, []int{0, failing}, []int{ejected, stay}, "%+v: if more fail, all stay", c)
				for _, name := range names[:c.instances] {
					to(t, b, name).Done(balance.Outcome{})
				}
			}
		}
	}
}

func TestOneThatStaysAndSucceedsIsUp(t *testing.T) {
	b := balancerOf(t, "", "a:80", "b:80", "c:80")
	end(t, b, "a:80", balance.Failure, 5)
	require.Equal(t, map[string]balance.State{"a:80": balance.Ejected, "b:80": balance.Up, "c:80": balance.Up}, states(b))
	end(t, b, "b:80", balance.Failure, 5)
	require.Equal(t, map[string]balance.State{"a:80": balance.Failing, "b:80": balance.Failing, "c:80": balance.Up}, states(b))
	end(t, b, "a:80", balance.Failure, 20)
	require.Equal(t, balance.Failing, states(b)["a:80"])
	end(t, b, "a:80", balance.Success, 1)
	require.Equal(t, map[string]balance.State{"a:80": balance.Up, "b:80": balance.Ejected, "c:80": balance.Up}, states(b))
	end(t, b, "a:80", balance.Failure, 4)
	require.Equal(t, balance.Up, states(b)["a:80"], "it begins anew")
}

func TestEjectionsFollowTheSizeOfTheSet(t *testing.T) {
	b := balancerOf(t, "", "a:80", "b:80", "c:80", "d:80")
	end(t, b, "a:80", balance.Failure, 5)
	end(t, b, "b:80", balance.Failure, 5)
	require.Equal(t, balance.Ejected, states(b)["a:80"])
	b.Update(at("a:80", "b:80", "c:80"))
	require.Equal(t, map[string]balance.State{"a:80": balance.Failing, "b:80": balance.Failing, "c:80": balance.Up}, states(b))
	b.Update(at("b:80", "c:80", "x:80"))
	require.Equal(t, map[string]balance.State{"b:80": balance.Ejected, "c:80": balance.Up, "x:80": balance.Up}, states(b))
	b.Update(at("b:80"))
	require.Equal(t, "b:80", address(t, b))
	require.Equal(t, balance.Up, states(b)["b:80"], "it has succeeded")
}

// TestWhatTheBreakerIsTold: an instance's failure counts only if no other that works
// has succeeded since its last success.
func TestWhatTheBreakerIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := balancerOf(t, "", "a:80", "b:80", "c:80", "d:80")
		tell := func(address string, result balance.Result) bool {
			time.Sleep(time.Millisecond)
			return end(t, b, address, result, 1)
		}
		require.True(t, tell("a:80", balance.Failure), "none has ever succeeded")
		require.True(t, tell("b:80", balance.Success))
		require.False(t, tell("a:80", balance.Failure), "b works")
		require.True(t, tell("b:80", balance.Failure), "b was the last that worked")
		require.True(t, tell("a:80", balance.Success))
		require.True(t, tell("a:80", balance.Failure))
		require.False(t, tell("b:80", balance.Failure), "a has succeeded since")
		require.False(t, tell("a:80", balance.Ignored))

		end(t, b, "a:80", balance.Failure, 4) // a is ejected
		require.Equal(t, balance.Ejected, states(b)["a:80"])
		require.True(t, tell("b:80", balance.Failure), "what is ejected does not work")
	})
}

func TestOneThatFailsDoesNotWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := balancerOf(t, "", "a:80", "b:80", "c:80")
		time.Sleep(time.Millisecond)
		end(t, b, "a:80", balance.Success, 1)
		require.False(t, end(t, b, "c:80", balance.Failure, 1))
		end(t, b, "a:80", balance.Failure, 5)
		end(t, b, "b:80", balance.Failure, 5)
		require.Equal(t, map[string]balance.State{"a:80": balance.Failing, "b:80": balance.Failing, "c:80": balance.Up}, states(b))
		require.True(t, end(t, b, "c:80", balance.Failure, 1), "a is in use, but fails")
	})
}

// One bad instance of two opens no circuit; two do.
func TestTheWholeServiceFails(t *testing.T) {
	b := balancerOf(t, "", "a:80", "b:80")
	picked(t, b, 100)
	told := 0
	for range 10 {
		if end(t, b, "a:80", balance.Failure, 1) {
			told++
		}
		if states(b)["a:80"] == balance.Ejected {
			break
		}
		end(t, b, "b:80", balance.Success, 1)
	}
	require.Less(t, told, 2)
	for range 20 {
		p := pick(t, b, nil)
		if p.Done(balance.Outcome{Result: balance.Failure}) {
			told++
		}
	}
	require.Greater(t, told, 10)
}

func TestReasonsAreBounded(t *testing.T) {
	b := balancerOf(t, "", "a:80", "b:80")
	for range 5 {
		to(t, b, "a:80").Done(balance.Outcome{Result: balance.Failure, Reason: strings.Repeat("x", 1<<20)})
	}
	assert.Less(t, len(info(t, b, "a:80").Reason), 300)
}
