// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

// engine runs the calls of one client: retry around circuit breaker around
// attempt timeout around port. It is safe for concurrent use.
type engine struct {
	name          string
	baseURL       *url.URL // for errors only: the port knows where to send
	port          HttpClientPort
	send          Exchange // the port's Request, behind the interceptors
	isIntercepted bool
	interceptCall Exchange // nil: none
	errorDecoders []ErrorDecoder
	allowed       allowedHosts
	secrets       secretNames
	tokens        *tokens                    // nil: no OAuth2
	breaker       *resilience.CircuitBreaker // nil: none
	gate          gate
	blank         *http.Request // what every request begins as
	buffers       sync.Pool     // of *bytes.Buffer, for bodies
}

func newEngine(name string, baseURL *url.URL, port HttpClientPort, breaker *resilience.CircuitBreaker, interceptors []Interceptor) *engine {
	return &engine{
		name: name, baseURL: baseURL, port: port, breaker: breaker,
		send: intercept(port.Request, interceptors), isIntercepted: len(interceptors) > 0,
		gate:    gate{idle: make(chan struct{})},
		blank:   &http.Request{Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1},
		buffers: sync.Pool{New: func() any { return new(bytes.Buffer) }},
	}
}

// start prepares the port for calls.
func (e *engine) start(ctx context.Context) error {
	if err := e.port.Start(ctx); err != nil {
		return fmt.Errorf("the port of the client %s cannot be started: %w", e.name, err)
	}
	return nil
}

// stop refuses new calls, lets those under way finish, further attempts
// included, until ctx is done, and stops the port, which cuts the rest.
func (e *engine) stop(ctx context.Context) error {
	e.gate.close(ctx)
	if e.tokens != nil {
		defer e.tokens.close()
	}
	if err := e.port.Stop(ctx); err != nil {
		return fmt.Errorf("the port of the client %s did not stop well: %w", e.name, err)
	}
	return nil
}

// call is one call on its way through the engine. Whoever makes it sets the
// fields up to sink, and calls do.
type call struct {
	*engine
	op             *operation
	message        *message
	sink           sink
	idempotencyKey string
	attempts       int
	stream         *http.Response // the answer, when it is read as a stream

	begun  time.Time
	answer answer
}

// do runs the call to its end. The error is nil or an *Error.
func (c *call) do(ctx context.Context) error {
	c.begun = time.Now()
	if err := c.runUnlessStopped(ctx); err != nil {
		return c.failed(err, time.Since(c.begun))
	}
	return nil
}

func (c *call) runUnlessStopped(ctx context.Context) error {
	if !c.gate.enter() {
		return ErrStopped
	}
	defer c.gate.leave()
	return c.runOnce(ctx)
}

// runOnce runs the call, with interceptors around it or without.
func (c *call) runOnce(ctx context.Context) error {
	if c.op.sendsKey && c.message.header.Get("Idempotency-Key") == "" {
		c.idempotencyKey = rand.Text()
	}
	if c.interceptCall != nil {
		return c.runIntercepted(ctx)
	}
	return c.run(ctx)
}

// run makes attempts.
func (c *call) run(ctx context.Context) error {
	if c.op.retry == nil || c.message.noRetry {
		return c.attempt(ctx)
	}
	return c.op.retry.Execute(ctx, c.attempt)
}

var errNilContext = fmt.Errorf("%w: its context is nil: give context.Background() at least", ErrInvalidRequest)

// notSent is the error of a call that never reached the engine.
func (e *engine) notSent(op *operation, m *message, err error) error {
	return (&call{engine: e, op: op, message: m}).failed(err, 0)
}

func (c *call) attempt(ctx context.Context) error {
	if c.gate.isCut() { // while the call waited for this attempt
		return ErrStopped
	}
	send := c.exchange
	if c.op.streams {
		send = c.exchangeForStream
	}
	if c.breaker == nil {
		return send(ctx)
	}
	return c.breaker.Call(ctx, send)
}
