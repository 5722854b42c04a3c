// SPDX-License-Identifier: Apache-2.0

// Package hook calls functions of users that may not return.
package hook

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// The errors of functions that did not return an error of their own.
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

// total is the limit of a whole, of which several calls are parts.
type total struct{ end time.Time }

type totalKey struct{}

// WithTotal returns a context that ends, with the given cause, at the limit of a
// whole. Calls with it that do not return are given up a tenth of the limit later,
// a second at most, however many they are.
func WithTotal(ctx context.Context, limit time.Duration, cause error) (context.Context, context.CancelFunc) {
	ctx = context.WithValue(ctx, totalKey{}, total{time.Now().Add(limit + grace(limit))})
	return context.WithTimeoutCause(ctx, limit, cause)
}

// Grace is how long a function is given to return once its context has ended: a
// tenth of its limit, a second at most. If that context is part of a whole it is
// half of the time that is left of the whole, so that something is left for those
// that come after it, but at least [minGrace].
func Grace(ctx context.Context, limit time.Duration) time.Duration {
	g := grace(limit)
	if whole, ok := ctx.Value(totalKey{}).(total); ok {
		g = max(minGrace, min(g, time.Until(whole.end)/2))
	}
	return g
}

// minGrace lets a function that honours its context return.
const minGrace = time.Millisecond

func grace(limit time.Duration) time.Duration { return min(limit/10, time.Second) }
