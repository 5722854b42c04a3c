// SPDX-License-Identifier: Apache-2.0

// Package hook calls functions of users that may not return.
package hook

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// The errors of functions that did not return an error of their own. [Call] returns
// them as they are: compare with ==, because an error of the function may say that
// it is one of them, for example that of an application context inside a bean.
var (
	ErrHangs  = fmt.Errorf("the hook hangs: %w", context.DeadlineExceeded)
	ErrExited = errors.New("the hook ended its goroutine with runtime.Goexit")
)

// Call calls fn on a goroutine of its own and returns its error as usercode.Call
// does. The context of fn ends at the limit. If fn does not return within [Grace]
// after the end of its context, it is left to itself, and the error is [ErrHangs]:
// a function that honours its context is reported by its own error.
func Call(ctx context.Context, limit time.Duration, fn func(context.Context) error) error {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	result := make(chan error, 1)
	go func() {
		err := ErrExited
		defer func() { result <- err }()
		err = usercode.Call(func() error { return fn(limited) })
	}()
	select {
	case err := <-result:
		return err
	case <-limited.Done():
	}
	timer := time.NewTimer(Grace(ctx, limit))
	defer timer.Stop()
	select {
	case err := <-result:
		return err
	case <-timer.C:
		return ErrHangs
	}
}

// whole is what several calls are parts of.
type whole struct {
	grace time.Duration

	once sync.Once // sets end, when the context of the whole has ended
	end  time.Time
}

type wholeKey struct{}

// Whole returns a context for calls that are parts of a whole, a start or a stop.
// It ends with the given cause at the limit, if that is not 0. Calls that do not
// return when the context has ended are then given up within a fifth of the whole's
// time, two seconds at most, all together.
func Whole(ctx context.Context, limit time.Duration, cause error) (context.Context, context.CancelFunc) {
	w := &whole{grace: time.Second}
	ctx = context.WithValue(ctx, wholeKey{}, w)
	cancel := func() {}
	if limit > 0 {
		ctx, cancel = context.WithTimeoutCause(ctx, limit, cause)
	}
	if deadline, ok := ctx.Deadline(); ok {
		w.grace = grace(max(0, time.Until(deadline)))
	}
	return ctx, cancel
}

// Grace is how long a function is given to return once its context has ended: a
// tenth of its limit, a second at most. If the whole of which it is a part has
// ended, it is half of what is left of the whole's grace, so that something is left
// for those that come after it, but at least [minGrace].
func Grace(ctx context.Context, limit time.Duration) time.Duration {
	g := grace(limit)
	w, ok := ctx.Value(wholeKey{}).(*whole)
	if !ok || ctx.Err() == nil {
		return g
	}
	w.once.Do(func() { w.end = time.Now().Add(2 * w.grace) })
	return max(minGrace, min(g, time.Until(w.end)/2))
}

// Patience returns a context for those who wait for what was told to end: it ends at
// the limit, or, with the grace of a call, after ctx.
func Patience(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	patience, giveUp := context.WithTimeout(context.WithoutCancel(ctx), limit)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(Grace(ctx, limit), giveUp) })
	return patience, func() { stop(); giveUp() }
}

// Within returns the limit of a call that is given up after d, with its grace.
func Within(d time.Duration) time.Duration { return d - min(d/11, time.Second) }

// minGrace lets a function that honours its context return.
const minGrace = time.Millisecond

func grace(limit time.Duration) time.Duration { return min(limit/10, time.Second) }
