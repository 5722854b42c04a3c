// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

// deadlineContext is what context.WithDeadline returns, at less cost: it needs
// no memory of its own, being part of a call, and neither timer nor channel
// until somebody waits for it.
type deadlineContext struct {
	context.Context // the parent
	deadline        time.Time
	isParents       bool // the deadline: the parent ends by itself then

	mu      sync.Mutex
	err     error
	done    chan struct{} // nil until somebody waits
	timer   *time.Timer
	detach  func() bool // from the parent
	waiting []*func()   // to be called when done
}

// begin sets the context up. It must be called before any other method.
func (c *deadlineContext) begin(parent context.Context, deadline time.Time) {
	c.Context, c.deadline = parent, deadline
	if earlier, ok := parent.Deadline(); ok && earlier.Before(deadline) {
		c.deadline, c.isParents = earlier, true
	}
}

// Deadline implements context.Context.
func (c *deadlineContext) Deadline() (time.Time, bool) { return c.deadline, true }

// Value implements context.Context.
func (c *deadlineContext) Value(key any) any {
	if value := withoutTimeout.Value(key); value != nil {
		return value
	}
	return c.Context.Value(key)
}

// withoutTimeout tells a port that the time of a request is limited already.
var withoutTimeout = port.WithoutTimeout(context.Background())

// Done implements context.Context.
func (c *deadlineContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wait()
}

// wait makes the channel and sees to it that it will be closed. The caller holds
// the lock.
func (c *deadlineContext) wait() <-chan struct{} {
	if c.done != nil {
		return c.done
	}
	c.done = make(chan struct{})
	if c.err != nil {
		close(c.done)
		return c.done
	}
	if !c.isParents {
		c.timer = time.AfterFunc(time.Until(c.deadline), func() { c.end(context.DeadlineExceeded) })
	}
	if c.Context.Done() != nil {
		c.detach = context.AfterFunc(c.Context, func() { c.end(c.Context.Err()) })
	}
	return c.done
}

// Err implements context.Context.
func (c *deadlineContext) Err() error {
	c.mu.Lock()
	err := c.err
	c.mu.Unlock()
	if err != nil {
		return err
	}
	if err := c.Context.Err(); err != nil {
		return c.end(err)
	}
	if !c.isParents && !time.Now().Before(c.deadline) {
		return c.end(context.DeadlineExceeded)
	}
	return nil
}

// AfterFunc lets package context derive from this one without a goroutine.
func (c *deadlineContext) AfterFunc(f func()) (stop func() bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wait()
	if c.err != nil {
		go f()
		return func() bool { return false }
	}
	c.waiting = append(c.waiting, &f)
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		for i, waiting := range c.waiting {
			if waiting == &f {
				c.waiting = append(c.waiting[:i], c.waiting[i+1:]...)
				return true
			}
		}
		return false
	}
}

// cancel ends the context, if it has not ended yet.
func (c *deadlineContext) cancel() { c.end(context.Canceled) }

// end returns the error with which the context has ended: the first.
func (c *deadlineContext) end(err error) error {
	c.mu.Lock()
	if c.err != nil {
		defer c.mu.Unlock()
		return c.err
	}
	c.err = err
	if c.done != nil {
		close(c.done)
	}
	if c.timer != nil {
		c.timer.Stop()
	}
	detach, waiting := c.detach, c.waiting
	c.detach, c.waiting = nil, nil
	c.mu.Unlock()
	if detach != nil {
		detach()
	}
	for _, f := range waiting {
		go (*f)()
	}
	return err
}
