// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/internal/goroutines"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

// callHook runs one hook of a bean with its time limit, and says what went
// wrong. The hook runs on a goroutine of its own, so that one that ignores its
// context cannot hold up the others; such a goroutine is the hook's to end, and
// no further hook of that bean is called.
func (r *run) callHook(ctx context.Context, b *bean, hook string, limit time.Duration, fn func(context.Context) error) *Problem {
	if b.isHanging {
		return nil
	}
	begun := r.elapsed()
	where, err := r.runLimited(ctx, b.name, hook, limit, fn)
	took := r.elapsed() - begun
	b.steps = append(b.steps, stepTiming{name: hook, begun: begun, took: took})
	if err == nil {
		return nil
	}
	p := &Problem{Code: CodeHook, Bean: b.name, Err: err}
	took = took.Round(time.Millisecond)
	panicked, hasPanicked := usercode.As[*kernel.PanicError](err)
	switch {
	case errors.Is(err, errHangs):
		b.isHanging = true
		p.What = fmt.Sprintf("%s of %s did not return within %s", hook, b.name, took)
		p.Remedy = "let it end when its context does, or raise the limit (pyfly.context.start-timeout, .shutdown-timeout)"
		p.detail("stands at", where)
	case hasPanicked:
		p.What = fmt.Sprintf("%s of %s panicked: %s", hook, b.name, usercode.Text(panicked.Value))
		p.detail("at", framesText(panicked))
	default:
		p.What = fmt.Sprintf("%s of %s failed after %s: %v", hook, b.name, took, err)
	}
	if total, ok := context.Cause(ctx).(*totalLimitError); ok {
		p.What += "; " + total.Error()
	}
	return p.detail("bean", b.describe())
}

// totalLimitError is the cause of a context that ended with the limit of a
// whole start or stop.
type totalLimitError struct {
	key   string
	limit time.Duration
}

func (e *totalLimitError) Error() string {
	return fmt.Sprintf("the limit of the whole, %s: %s, was reached", e.key, e.limit)
}

var (
	errHangs  = fmt.Errorf("the hook hangs: %w", context.DeadlineExceeded)
	errExited = errors.New("the hook ended its goroutine with runtime.Goexit")
)

// runLimited gives fn a context that ends at the limit, and a little longer to
// notice: a hook that honours its context is reported by its own error, and
// only one that does not as hanging, with where it stands.
func (r *run) runLimited(ctx context.Context, bean, hook string, limit time.Duration, fn func(context.Context) error) (where string, err error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	result := make(chan error, 1)
	go func() {
		r.label(bean, hook)
		err := errExited
		defer func() { result <- err }()
		err = usercode.Call(func() error { return fn(ctx) })
	}()
	select {
	case err := <-result:
		return "", err
	case <-ctx.Done():
	}
	timer := time.NewTimer(grace(limit))
	defer timer.Stop()
	select {
	case err := <-result:
		return "", err
	case <-timer.C:
		return r.standsAt(bean, hook), errHangs
	}
}

// grace is how long a hook is given to return once its context has ended.
func grace(limit time.Duration) time.Duration { return min(limit/10, time.Second) }

// label makes the calling goroutine, and those that it will start, known as
// belonging to this context.
func (r *run) label(bean, hook string) {
	goroutines.Label(goroutines.Context, r.id, goroutines.Bean, bean, goroutines.Hook, hook)
}

// standsAt says where the goroutine of a hook is.
func (r *run) standsAt(bean, hook string) string {
	stacks := goroutines.Find(isNotTheUsers, goroutines.Context, r.id, goroutines.Bean, bean, goroutines.Hook, hook)
	const most = 8
	var lines []string
	for _, stack := range stacks {
		lines = append(lines, stack[:min(len(stack), most)]...)
	}
	return strings.Join(lines, "\n")
}

func isNotTheUsers(function string) bool {
	return isOurs(function) || strings.HasPrefix(function, "reflect.") || strings.HasPrefix(function, "go.uber.org/dig.")
}
