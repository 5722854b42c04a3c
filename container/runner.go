// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// runners are the ApplicationRunners of a run.
type runners struct {
	running []runningRunner

	mu     sync.Mutex
	errs   []error
	failed chan struct{} // closed with the first error
}

type runningRunner struct {
	bean *instance
	done chan struct{}
}

// becomeReady closes the channel of Ready and lets the runners run, unless the start
// has been cancelled or a Stop has begun.
func (r *run) becomeReady(ctx context.Context) {
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	if r.isStopping || ctx.Err() != nil {
		return
	}
	for _, i := range r.maker.settled() {
		if !i.isEager {
			continue
		}
		if runner, ok := hookAt[lifecycle.ApplicationRunner](i, i.isFirst()); ok {
			running := runningRunner{i, make(chan struct{})}
			r.runners.running = append(r.runners.running, running)
			go r.runRunner(running, runner)
		}
	}
	r.wasReady = true
	close(r.app.ready)
}

func (r *run) runRunner(running runningRunner, runner lifecycle.ApplicationRunner) {
	r.label(running.bean.name, "Run")
	err := hook.ErrExited
	defer func() {
		if err != nil && !(r.life.Err() != nil && errors.Is(err, context.Canceled)) {
			r.runners.fail(running.bean, err)
			r.app.guarded.Error("an ApplicationRunner failed: the application ends", "bean", running.bean.name, "error", err)
		}
		close(running.done)
	}()
	err = usercode.Call(func() error { return runner.Run(r.life) })
}

func (rs *runners) fail(b *instance, err error) {
	p := &Problem{Code: CodeHook, Bean: b.name, Err: err, What: fmt.Sprintf("Run of %s failed: %v", b.name, err)}
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if len(rs.errs) == 0 {
		close(rs.failed)
	}
	rs.errs = append(rs.errs, p.detail("bean", b.describe()))
}

// err joins the runners' errors.
func (rs *runners) err() error {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	return errors.Join(rs.errs...)
}

// awaitRunners waits until all runners have returned, within the limit of a
// hook, and reports those that have not.
func (r *run) awaitRunners(ctx context.Context) []*Problem {
	begun := r.elapsed()
	patience, cancel := hook.Patience(ctx, r.stopLimit)
	defer cancel()
	var problems []*Problem
	for _, running := range r.runners.running {
		if isClosedBefore(running.done, patience.Done()) {
			continue
		}
		b := running.bean
		p := &Problem{
			Code: CodeHook, Bean: b.name, Err: hook.ErrHangs,
			What:   fmt.Sprintf("Run of %s did not return within %s after the end of its context", b.name, (r.elapsed() - begun).Round(time.Millisecond)),
			Remedy: "make it return when its context ends",
		}
		problems = append(problems, p.detail("stands at", r.standsAt(b.name, "Run")).detail("bean", b.describe()))
	}
	return problems
}
