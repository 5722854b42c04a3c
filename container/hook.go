// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
)

// callHook runs one hook of a bean with its time limit, and says what went
// wrong. The hook runs on a goroutine of its own, so that one that ignores its
// context cannot hold up the others; such a goroutine is the hook's to end.
func callHook(ctx context.Context, d *definition, hook string, limit time.Duration, fn func(context.Context) error) *Problem {
	begun := time.Now()
	err := runLimited(ctx, limit, fn)
	if err == nil {
		return nil
	}
	p := &Problem{Code: CodeHook, Bean: d.name, Err: err}
	took := time.Since(begun).Round(time.Millisecond)
	var panicked *kernel.PanicError
	switch {
	case errors.Is(err, errHangs):
		p.What = fmt.Sprintf("%s of %s did not return within %s", hook, d.name, took)
		p.Remedy = "let it end when its context does, or raise the limit (pyfly.context.start-timeout, .shutdown-timeout)"
	case errors.As(err, &panicked):
		p.What = fmt.Sprintf("%s of %s panicked: %v", hook, d.name, panicked.Value)
		p.detail("at", framesText(panicked))
	default:
		p.What = fmt.Sprintf("%s of %s failed after %s: %v", hook, d.name, took, err)
	}
	return p.detail("bean", d.describe())
}

var (
	errHangs  = fmt.Errorf("the hook hangs: %w", context.DeadlineExceeded)
	errExited = errors.New("the hook ended its goroutine with runtime.Goexit")
)

// protect turns a panic of a user's function into its error.
func protect(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = kernel.NewPanicError(r)
		}
	}()
	return fn()
}

// runLimited gives fn a context that ends at the limit, and a little longer to
// notice: a hook that honours its context is reported by its own error, and
// only one that does not as hanging.
func runLimited(ctx context.Context, limit time.Duration, fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	result := make(chan error, 1)
	go func() {
		err := errExited
		defer func() {
			if r := recover(); r != nil {
				err = kernel.NewPanicError(r)
			}
			result <- err
		}()
		err = fn(ctx)
	}()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
	}
	grace := time.NewTimer(min(limit/10, time.Second))
	defer grace.Stop()
	select {
	case err := <-result:
		return err
	case <-grace.C:
		return errHangs
	}
}
