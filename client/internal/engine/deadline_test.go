// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"io"
	"testing"
	"testing/synctest"
	"time"
)

func TestDeadlineContextIsAContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := func(parent context.Context) *deadlineContext {
			c := &deadlineContext{}
			c.begin(parent, time.Now().Add(time.Second))
			return c
		}
		waited := begin(t.Context())
		<-waited.Done()
		if waited.Err() != context.DeadlineExceeded {
			t.Errorf("got %v after the deadline", waited.Err())
		}

		unwaited := begin(t.Context())
		time.Sleep(time.Second) // virtual
		if unwaited.Err() != context.DeadlineExceeded {
			t.Errorf("got %v after the deadline that nobody waited for", unwaited.Err())
		}
		<-unwaited.Done() // at once
		unwaited.cancel()
		if unwaited.Err() != context.DeadlineExceeded || context.Cause(unwaited) != context.DeadlineExceeded {
			t.Errorf("the error changed to %v", unwaited.Err())
		}

		parent, cancelParent := context.WithCancelCause(t.Context())
		child := begin(parent)
		derived, cancelDerived := context.WithCancel(child)
		defer cancelDerived()
		cancelParent(io.ErrClosedPipe)
		<-derived.Done()
		if derived.Err() != context.Canceled || context.Cause(derived) != io.ErrClosedPipe {
			t.Errorf("got %v because of %v", derived.Err(), context.Cause(derived))
		}

		ended := begin(t.Context())
		ended.cancel()
		called := make(chan bool, 2)
		if stop := context.AfterFunc(ended, func() { called <- true }); stop() {
			t.Error("what is called could be stopped")
		}
		<-called
		running := begin(t.Context())
		stop := running.AfterFunc(func() { called <- true })
		running.AfterFunc(func() { called <- true })
		if !stop() || stop() {
			t.Error("a function must be stoppable once")
		}
		running.cancel()
		<-called
		synctest.Wait()
		if len(called) != 0 {
			t.Error("a stopped function was called")
		}

		early, cancelEarly := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancelEarly()
		limited := begin(early)
		if d, ok := limited.Deadline(); !ok || time.Until(d) != time.Millisecond {
			t.Errorf("its deadline is in %s", time.Until(d))
		}
		<-limited.Done()
		if limited.Err() != context.DeadlineExceeded {
			t.Errorf("got %v", limited.Err())
		}
	})
}

// parentWithDeadline is one that has a deadline, and ends when it likes.
type parentWithDeadline struct {
	context.Context
	deadline time.Time
}

func (p parentWithDeadline) Deadline() (time.Time, bool) { return p.deadline, true }

// TestADeadlineOfTheParentIsTheParentsAffair: else an attempt could end before
// its caller has, and be taken for one that took too long.
func TestADeadlineOfTheParentIsTheParentsAffair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		parent, cancel := context.WithCancel(t.Context())
		c := &deadlineContext{}
		c.begin(parentWithDeadline{parent, time.Now().Add(time.Second)}, time.Now().Add(time.Minute))
		time.Sleep(time.Hour) // virtual
		select {
		case <-c.Done():
			t.Error("it has ended before its parent")
		default:
		}
		if c.Err() != nil {
			t.Errorf("got %v", c.Err())
		}
		cancel()
		<-c.Done()
	})
}
