// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"time"

	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// serveOn publishes lifecycle.ShutdownStarted and lets the application serve on for
// the delay of the shutdown, until ctx ends or until endDelay is called. It returns
// false and does nothing if there is no delay.
func (r *run) serveOn(ctx context.Context) bool {
	defer r.leaveDelay()
	r.app.mu.Lock()
	hasDelay := r.hasDelay()
	r.app.mu.Unlock()
	if !hasDelay {
		return false
	}
	if r.app.sumsUp() {
		r.app.guarded.Info("shutdown started: the application serves on", "delay", r.shutdownDelay)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	delivered := make(chan struct{})
	go func() {
		defer close(delivered)
		r.publishSideBySide(ctx, lifecycle.ShutdownStarted{}, min(r.stopLimit, hook.Within(r.shutdownDelay)))
	}()
	timer := time.NewTimer(r.shutdownDelay)
	defer timer.Stop()
	select {
	case <-timer.C: // the subscribers have returned or are given up
	case <-ctx.Done():
	case <-r.serving.Done():
		cancel()
	}
	<-delivered
	return true
}

// hasDelay reports whether the application serves on when its shutdown begins, and
// still does. It is called with the lock held.
func (r *run) hasDelay() bool {
	return r.wasReady && r.shutdownDelay > 0 && r.serving.Err() == nil
}

// leaveDelay ends the delay, if that has not happened yet.
func (r *run) leaveDelay() {
	r.app.mu.Lock()
	defer r.app.mu.Unlock()
	r.endDelay()
	if r.atDelayEnd != nil {
		r.atDelayEnd()
	}
}
