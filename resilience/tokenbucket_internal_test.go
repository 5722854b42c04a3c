// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"fmt"
	"math"
	"testing"
	"time"
)

func TestATokenBucketKeepsItsRate(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for _, c := range []struct {
		perSecond float64
		burst     int
		begun     time.Duration // the clock's
		lasts     time.Duration
		step      time.Duration
	}{
		{0.001, 1, 0, 24 * time.Hour, time.Second},
		{1.0 / 3, 2, 0, time.Hour, 7 * time.Millisecond},
		{3, 2, 0, time.Hour, time.Millisecond},
		{3, 2, 10 * year, time.Hour, time.Millisecond},
		{99.9, 50, 0, time.Minute, 100 * time.Microsecond},
		{1e6, 3, 0, time.Second, 999},
		{7e6, 20, 10 * year, 100 * time.Millisecond, 1000},
		{3e8, 1000, 10 * year, time.Millisecond, 1000},
		{7e8, 10000, 0, time.Millisecond, 1000},
	} {
		t.Run(fmt.Sprintf("%v a second, burst %d", c.perSecond, c.burst), func(t *testing.T) {
			b := newTokenBucket(c.perSecond, c.burst, c.begun)
			taken := 0
			for now := c.begun; now <= c.begun+c.lasts; now += c.step {
				b.settle(now)
				for b.take(now) {
					taken++
				}
			}
			want := c.perSecond*c.lasts.Seconds() + float64(c.burst)
			if got := float64(taken); got > want+1 || got < want*0.999-1 {
				t.Errorf("%v tokens, want %v", got, want)
			}
		})
	}
}

func TestATokenComesWhenItWasSaidTo(t *testing.T) {
	for _, perSecond := range []float64{0.1, 1, 3, 33.3, 1e6, 7e7} {
		b := newTokenBucket(perSecond, 1, 0)
		b.take(0)
		for others := range 100 {
			ahead, delay := b, b.wait(0, others)
			for range others {
				ahead.take(delay)
			}
			if early := ahead; early.take(delay - 2) { // but for rounding
				t.Errorf("%v a second, %d before: a token before %s", perSecond, others, delay)
			}
			if !ahead.take(delay) {
				t.Errorf("%v a second, %d before: no token after %s", perSecond, others, delay)
			}
		}
	}
}

func TestATokenBucketKeepsItsTokensWhenItIsChanged(t *testing.T) {
	for name, c := range map[string]struct {
		taken         int // of 10
		to            float64
		burst, tokens int
		next          time.Duration // after them
	}{
		"the rate":           {7, 100, 10, 3, 10 * time.Millisecond},
		"a smaller burst":    {0, 10, 4, 4, 100 * time.Millisecond},
		"a larger burst":     {5, 10, 1000, 5, 100 * time.Millisecond},
		"an empty one":       {10, 1, 10, 0, time.Second},
		"an empty one, fast": {10, 1000, 10, 0, time.Millisecond},
	} {
		b := newTokenBucket(10, 10, 0)
		for range c.taken {
			b.take(0)
		}
		b.change(c.to, c.burst, 0)
		tokens := 0
		for b.take(0) {
			tokens++
		}
		if next := b.wait(0, 0); tokens != c.tokens || next != c.next {
			t.Errorf("%s: %d tokens, the next in %s; want %d, %s", name, tokens, next, c.tokens, c.next)
		}
	}
}

func TestATokenBucketKnowsNoOverflow(t *testing.T) {
	for _, perSecond := range []float64{math.SmallestNonzeroFloat64, 1e-12, 1, math.MaxFloat64} {
		for _, burst := range []int{1, 2, math.MaxInt} {
			b := newTokenBucket(perSecond, burst, 0)
			if !b.take(0) {
				t.Errorf("%v a second, burst %d: it is empty", perSecond, burst)
			}
			for _, others := range []int{0, 1, math.MaxInt} {
				if delay := b.wait(0, others); delay < 0 {
					t.Errorf("%v a second, burst %d, %d before: a delay of %s", perSecond, burst, others, delay)
				}
			}
			b.change(1000, 1, 0)
			if delay := b.wait(0, 0); delay > time.Millisecond {
				t.Errorf("%v a second, burst %d, then 1000 a second: a delay of %s", perSecond, burst, delay)
			}
		}
	}
}

func TestATokenBucketBearsAClockThatGoesBack(t *testing.T) {
	b := newTokenBucket(10, 1, time.Hour)
	b.take(time.Hour)
	b.settle(0)
	if delay := b.wait(0, 0); delay > 100*time.Millisecond+1 {
		t.Errorf("a delay of %s", delay)
	}
}
