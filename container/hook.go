// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/internal/goroutines"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

// callHook runs one hook of an instance with its time limit, and says what went
// wrong. The hook runs on a goroutine of its own, so that one that ignores its
// context cannot hold up the others; such a goroutine is the hook's to end, and
// no further hook of that instance is called.
func (r *run) callHook(ctx context.Context, i *instance, name string, limit time.Duration, fn func(context.Context) error) *Problem {
	if i.isHanging.Load() {
		return nil
	}
	begun := r.elapsed()
	where, err := r.call(ctx, i.name, name, limit, r.maker.entering(i, fn))
	took := r.elapsed() - begun
	i.note(stepTiming{name: name, begun: begun, took: took})
	if err == nil {
		return nil
	}
	p := &Problem{Code: CodeHook, Bean: i.name, Err: err}
	took = took.Round(time.Millisecond)
	panicked, hasPanicked := usercode.As[*kernel.PanicError](err)
	switch {
	case err == hook.ErrHangs:
		i.isHanging.Store(true)
		p.What = fmt.Sprintf("%s of %s did not return within %s", name, i.name, took)
		p.Remedy = "make it return when its context ends, or raise the limit (pyfly.context.start-timeout, .shutdown-timeout)"
		p.detail("stands at", where)
	case hasPanicked:
		p.What = fmt.Sprintf("%s of %s panicked: %s", name, i.name, usercode.Text(panicked.Value))
		p.detail("at", framesText(panicked))
	default:
		p.What = fmt.Sprintf("%s of %s failed after %s: %v", name, i.name, took, err)
	}
	if total, ok := context.Cause(ctx).(*totalLimitError); ok {
		p.What += "; " + total.Error()
	}
	return p.detail("bean", i.describe())
}

// totalLimitError is the cause of a context that ended with the limit of a
// whole start or stop.
type totalLimitError struct {
	key   string
	limit time.Duration
}

func (e *totalLimitError) Error() string {
	return fmt.Sprintf("the total limit, %s: %s, was reached", e.key, e.limit)
}

// call is [hook.Call] on a goroutine that is known as the context's. Of a function
// that hangs it says where it stands.
func (r *run) call(ctx context.Context, bean, name string, limit time.Duration, fn func(context.Context) error) (where string, err error) {
	err = hook.Call(ctx, limit, func(ctx context.Context) error {
		r.label(bean, name)
		return fn(ctx)
	})
	if err == hook.ErrHangs {
		where = r.standsAt(bean, name)
	}
	return where, err
}

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
