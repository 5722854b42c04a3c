// SPDX-License-Identifier: Apache-2.0

package hook_test

import (
	"context"
	"errors"
	"io"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestCalls(t *testing.T) {
	release := make(chan struct{})
	untilItEnds := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
	cases := map[string]struct {
		fn   func(context.Context) error
		want error
		took time.Duration
	}{
		"returns":                 {func(context.Context) error { return nil }, nil, 0},
		"fails":                   {func(context.Context) error { return io.EOF }, io.EOF, 0},
		"ends its goroutine":      {func(context.Context) error { runtime.Goexit(); return nil }, hook.ErrExited, 0},
		"honours its context":     {untilItEnds, context.DeadlineExceeded, 5 * time.Second},
		"takes a little longer":   {func(ctx context.Context) error { <-ctx.Done(); time.Sleep(400 * time.Millisecond); return nil }, nil, 5400 * time.Millisecond},
		"does not return in time": {func(context.Context) error { <-release; return nil }, hook.ErrHangs, 5500 * time.Millisecond},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release = make(chan struct{})
				defer close(release)
				begun := time.Now()
				err := hook.Call(t.Context(), 5*time.Second, c.fn)
				if took := time.Since(begun); !errors.Is(err, c.want) || took != c.took {
					t.Errorf("%v after %s, want %v after %s", err, took, c.want, c.took)
				}
			})
		})
	}
	err := hook.Call(t.Context(), time.Second, func(context.Context) error { panic("boom") })
	if panicked, ok := usercode.As[*kernel.PanicError](err); !ok || panicked.Value != "boom" {
		t.Errorf("error of a panic: %v", err)
	}
}

// neverReturns makes n calls that do not return, one after the other.
func neverReturns(t *testing.T, ctx context.Context, n int) (took time.Duration) {
	release := make(chan struct{})
	t.Cleanup(func() { close(release) })
	begun := time.Now()
	for range n {
		if err := hook.Call(ctx, time.Minute, func(context.Context) error { <-release; return nil }); !errors.Is(err, hook.ErrHangs) {
			t.Errorf("error %v", err)
		}
	}
	return time.Since(begun)
}

func TestAWholeIsLimited(t *testing.T) {
	cause := errors.New("the whole")
	cases := map[string]struct {
		whole     func(ctx context.Context) (context.Context, context.CancelFunc)
		ends, all time.Duration
	}{
		"by a short limit": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return hook.Whole(ctx, 300*time.Millisecond, cause)
		}, 300 * time.Millisecond, 370 * time.Millisecond},
		"by a long limit": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			return hook.Whole(ctx, 40*time.Second, cause)
		}, 40 * time.Second, 42 * time.Second},
		"by the deadline of its context": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeoutCause(ctx, time.Second, cause)
			whole, _ := hook.Whole(ctx, 0, nil)
			return whole, cancel
		}, time.Second, 1200 * time.Millisecond},
		"by the end of its context": {func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancelCause(ctx)
			time.AfterFunc(time.Second, func() { cancel(cause) })
			return hook.Whole(ctx, 0, nil)
		}, time.Second, 3 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := c.whole(t.Context())
				defer cancel()
				if took := neverReturns(t, ctx, 7); took < c.ends || took > c.all {
					t.Errorf("the calls took %s, want %s to %s", took, c.ends, c.all)
				}
				if err := hook.Call(ctx, time.Minute, func(context.Context) error { return io.EOF }); !errors.Is(err, io.EOF) {
					t.Errorf("the error of a call after the end of the whole: %v", err)
				}
				if !errors.Is(context.Cause(ctx), cause) {
					t.Errorf("cause %v", context.Cause(ctx))
				}
			})
		})
	}
}

func TestTheFirstCallOfAWholeHasItsWholeGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := hook.Whole(t.Context(), 5*time.Second, io.EOF)
		defer cancel()
		err := hook.Call(ctx, time.Minute, func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(499 * time.Millisecond)
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestCallsOfAWholeHaveTheirOwnLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := hook.Whole(t.Context(), time.Hour, io.EOF)
		defer cancel()
		release := make(chan struct{})
		defer close(release)
		begun := time.Now()
		for range 3 {
			_ = hook.Call(ctx, 10*time.Second, func(context.Context) error { <-release; return nil })
		}
		if took := time.Since(begun); took != 33*time.Second {
			t.Errorf("the calls took %s", took)
		}
	})
}

func TestACallWithinATimeIsGivenUpAtItsEnd(t *testing.T) {
	for _, d := range []time.Duration{time.Nanosecond, time.Millisecond, 5 * time.Second, 11 * time.Second, 12 * time.Second, time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			defer close(release)
			begun := time.Now()
			err := hook.Call(t.Context(), hook.Within(d), func(context.Context) error { <-release; return nil })
			if took := time.Since(begun); !errors.Is(err, hook.ErrHangs) || took > d || took < d*9/10 {
				t.Errorf("%v after %s instead of %s", err, took, d)
			}
		})
	}
}

func TestPatience(t *testing.T) {
	for name, c := range map[string]struct{ cancelledAfter, want time.Duration }{
		"to the limit":            {time.Hour, 5 * time.Second},
		"after the end of ctx":    {2 * time.Second, 2500 * time.Millisecond},
		"ctx has ended already":   {0, 500 * time.Millisecond},
		"ctx ends near the limit": {4900 * time.Millisecond, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), c.cancelledAfter)
				defer cancel()
				begun := time.Now()
				patience, end := hook.Patience(ctx, 5*time.Second)
				defer end()
				<-patience.Done()
				if took := time.Since(begun); took != c.want {
					t.Errorf("it took %s, want %s", took, c.want)
				}
			})
		})
	}
}
