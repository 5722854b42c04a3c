// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

// This file holds what may go on around the attempts of a call: hedges, old
// answers in place of failures, a total timeout for streams, and the request of
// another service not to retry.

// hedge makes attempts side by side, each with a call of its own, and takes the
// answer of the first that succeeds. One that loses may outlast the call: it is
// under way for itself, with a message of its own. None begins after the call.
func (c *call) hedge(ctx context.Context) error {
	var mu sync.Mutex
	var first *keptAnswer
	isOver := false
	end := func() {
		mu.Lock()
		defer mu.Unlock()
		isOver = true
	}
	defer end()
	message := c.message.owned()
	begin := func() *call {
		mu.Lock()
		defer mu.Unlock()
		if isOver {
			return nil
		}
		c.gate.Join()
		now := time.Now()
		leg := &call{engine: c.engine, op: c.op, message: message, idempotencyKey: c.idempotencyKey, begun: c.begun, admitted: now, attempts: c.attempts}
		c.attempts++
		return leg
	}
	rejected := func() { // by the circuit breaker: it was no attempt
		mu.Lock()
		defer mu.Unlock()
		if !isOver {
			c.attempts--
		}
	}
	err := c.op.hedge.Execute(ctx, func(ctx context.Context) error {
		leg := begin()
		if leg == nil {
			return context.Canceled
		}
		defer c.gate.Leave()
		kept := &keptAnswer{}
		leg.sink = kept
		before := leg.attempts
		err := leg.attemptOnce(ctx)
		if leg.attempts == before {
			rejected()
		}
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		if first == nil {
			first = kept
		}
		return nil
	})
	end()
	if e, ok := err.(*Error); ok {
		told := *e
		told.Attempts = c.attempts
		return &told
	}
	if err != nil {
		return err
	}
	return c.deliver(first.answer())
}

// runOrStale runs the call, or takes the last good answer to the same request
// if the service fails.
func (c *call) runOrStale(ctx context.Context) error {
	var failed error
	kept, err := c.op.stale.Call(ctx, c.key(), func(ctx context.Context) (*keptAnswer, error) {
		kept := &keptAnswer{}
		inner := *c
		inner.sink = kept
		err := inner.runAround(ctx)
		c.attempts = inner.attempts
		failed = err
		return kept, err
	})
	if err != nil {
		return failed
	}
	a := kept.answer()
	a.header = a.header.Clone() // it stays for others
	return c.deliver(a)
}

// key tells requests apart whose answers may differ.
func (c *call) key() string {
	m := c.message
	var b strings.Builder
	b.WriteString(m.base(c.baseURL).Host + m.path + "?" + m.query)
	names := make([]string, 0, len(m.header))
	for name := range m.header {
		names = append(names, http.CanonicalHeaderKey(name))
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString("\n" + name + ":" + strings.Join(m.header[name], "\n "))
	}
	return b.String()
}

// runStreamLimited limits the time until a stream's headers are there; the
// stream itself goes on.
func (c *call) runStreamLimited(ctx context.Context, total time.Duration) error {
	limited, cancel := context.WithCancelCause(ctx)
	isOver := port.NewTimeoutError("total-timeout", total)
	timer := time.AfterFunc(total-time.Since(c.admitted), func() { cancel(isOver) })
	err := c.run(limited)
	timer.Stop()
	if err == nil {
		c.stream.Body.(*streamBody).atEnd(func() { cancel(nil) })
		return nil
	}
	if context.Cause(limited) == isOver {
		err = c.outOfTime(err, total)
	}
	cancel(nil)
	return err
}

type suppressedKey struct{}

// attemptHeader tells a service that a request is a repeated one, and which.
const attemptHeader = "X-Retry-Attempt"

// SuppressRetries wraps a handler of this service so that retries do not multiply
// along a chain of services: while it handles a request that is a repeated
// attempt of its caller's (it has the header X-Retry-Attempt, which clients with
// the setting retry.attempt-header send), calls of clients with its context are
// not retried here.
func SuppressRetries(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(attemptHeader) != "" {
			r = r.WithContext(WithoutRetries(r.Context()))
		}
		next.ServeHTTP(w, r)
	})
}

// WithoutRetries returns a context whose calls make one attempt only.
func WithoutRetries(ctx context.Context) context.Context {
	return context.WithValue(ctx, suppressedKey{}, true)
}

func areRetriesSuppressed(ctx context.Context) bool { return ctx.Value(suppressedKey{}) != nil }
