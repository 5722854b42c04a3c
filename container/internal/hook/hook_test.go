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

// TestAWholeIsLimited makes calls that do not return, one after the other.
func TestAWholeIsLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		cause := errors.New("the whole")
		ctx, cancel := hook.WithTotal(t.Context(), time.Second, cause)
		defer cancel()
		begun := time.Now()
		for range 5 {
			if err := hook.Call(ctx, time.Minute, func(context.Context) error { <-release; return nil }); !errors.Is(err, hook.ErrHangs) {
				t.Errorf("error %v", err)
			}
		}
		if err := hook.Call(ctx, time.Minute, func(context.Context) error { return io.EOF }); !errors.Is(err, io.EOF) {
			t.Errorf("the error of a call after the end of the whole: %v", err)
		}
		if took := time.Since(begun); took < time.Second || took > 1100*time.Millisecond {
			t.Errorf("the calls took %s", took)
		}
		if !errors.Is(context.Cause(ctx), cause) {
			t.Errorf("cause %v", context.Cause(ctx))
		}
	})
}

func TestCallsOfAWholeHaveTheirOwnLimits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		ctx, cancel := hook.WithTotal(t.Context(), time.Hour, errors.New("the whole"))
		defer cancel()
		begun := time.Now()
		_ = hook.Call(ctx, 10*time.Second, func(context.Context) error { <-release; return nil })
		if took := time.Since(begun); took != 11*time.Second {
			t.Errorf("the call took %s", took)
		}
	})
}
