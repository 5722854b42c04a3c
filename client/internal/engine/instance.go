// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/random"
)

// Instances are those of a client's service. They must be safe for concurrent use.
type Instances interface {
	// IsReady reports whether it is known which instances there are, so that Pick
	// does not wait.
	IsReady() bool
	// Pick chooses one. If there are none, its error is a [balance.ErrNoInstances].
	Pick(ctx context.Context, info balance.PickInfo) (balance.Picked, error)
	// HasOther reports whether there is one that is none of those tried.
	HasOther(tried *balance.Tried) bool
	// Refresh says that one could not be connected to. It does not block.
	Refresh()
}

// attemptAtInstance makes an attempt at an instance of the service, which it chooses.
// Choosing is not part of the attempt.
func (c *call) attemptAtInstance(ctx context.Context) error {
	picked, err := c.pick(ctx)
	if err != nil {
		return c.notPicked(err)
	}
	v := &visit{Context: c.withoutWait(ctx), picked: picked, begun: c.attemptSeen()}
	defer v.end() // unless the stream goes on, and after a panic
	c.instance = v.picked.Instance().Address
	ctx = port.WithInstance(v, c.instance)
	if c.op.Observer != nil {
		err = c.observedAttempt(ctx)
	} else {
		err = c.exchangeAny(ctx)
	}
	c.report(v, err)
	if err == nil && c.streams {
		c.stream.Body.(*streamBody).atEnd(v.leave)
		v.goesOn = true
	}
	return err
}

// visit is an attempt at an instance. It is the context of its requests.
type visit struct {
	context.Context
	picked balance.Picked
	begun  time.Time
	isSent atomic.Bool // by an interceptor that does not respond itself
	goesOn bool        // as a stream, which ends the visit
}

type visitKey struct{}

// Value implements context.Context.
func (v *visit) Value(key any) any {
	if key == (visitKey{}) {
		return v
	}
	return v.Context.Value(key)
}

func (v *visit) end() {
	if !v.goesOn {
		v.leave()
	}
}

func (v *visit) leave() { v.picked.Done(balance.Outcome{}) }

// pick chooses an instance. Before it is known which there are, it waits as long as
// the call may take, or an attempt if calls are not limited.
func (c *call) pick(ctx context.Context) (balance.Picked, error) {
	if timeout := c.timeout(); timeout > 0 && c.op.TotalTimeout <= 0 && !c.Instances.IsReady() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, timeout, port.NewTimeoutError("timeout", timeout))
		defer cancel()
	}
	c.rememberTried()
	return c.Instances.Pick(ctx, balance.PickInfo{Tried: c.tried, Random: random.SourceOf(ctx)})
}

// rememberTried makes room for what the attempts of the call have tried, if there may
// be several.
func (c *call) rememberTried() {
	if c.tried == nil && c.Instances != nil && (c.op.Retry != nil || c.op.Hedge != nil) {
		c.tried = new(balance.Tried)
	}
}

// notPicked is the outcome of a call that has found no instance.
func (c *call) notPicked(err error) *Outcome {
	o := c.newOutcome(err)
	o.IsFinal = true
	return o
}

// report tells how an attempt went, and completes its outcome.
func (c *call) report(v *visit, err error) {
	told := balance.Outcome{Result: balance.Success, At: time.Now()}
	told.Latency = told.At.Sub(v.begun)
	o, _ := err.(*Outcome)
	switch {
	case !v.isSent.Load():
		told.Result = balance.Ignored
	case err == nil:
	case o == nil:
		told.Result = balance.Ignored
	case o.ServiceFailed:
		told.Result, told.Reason = balance.Failure, reasonOf(o)
	case o.Status == 0: // the caller's doing
		told.Result = balance.Ignored
	}
	isOfService := v.picked.Report(told)
	if told.Result != balance.Failure {
		return
	}
	o.OfInstance = !isOfService
	if o.Status == 0 && port.IsNotSent(o.Err) {
		o.Elsewhere = c.Instances.HasOther(c.tried)
		c.Instances.Refresh()
	}
}

// reasonOf says in a word why an attempt failed.
func reasonOf(o *Outcome) string {
	switch {
	case o.Status != 0 && o.Err == nil:
		return strconv.Itoa(o.Status)
	case errors.Is(o.Err, context.DeadlineExceeded):
		return "timeout"
	case port.IsNotSent(o.Err):
		return "no connection"
	}
	return "connection lost"
}

// direct is the exchange next to the port: it makes the URL of a request that is for
// an instance an absolute one. Interceptors see the request as one to the service.
func (e *Engine) direct(next Exchange) Exchange {
	return func(req *http.Request) (*http.Response, error) {
		if u := req.URL; u == nil || u.Host != "" || u.Scheme != "" || u.Opaque != "" || u.User != nil {
			return next(req)
		}
		if address, ok := port.InstanceOf(req.Context()); ok {
			if v, ok := req.Context().Value(visitKey{}).(*visit); ok {
				v.isSent.Store(true)
			}
			e.address(req, address)
			return next(req)
		}
		return e.sendStray(req, next)
	}
}

// address makes the URL of a request lead to an instance.
func (e *Engine) address(req *http.Request, address string) {
	e.basePath.Apply(req.URL)
	req.URL.Scheme, req.URL.Host = e.BaseURL.Scheme, address
	if req.Host == "" {
		req.Host = e.BaseURL.Host
	}
}

// sendStray sends a request of an interceptor's whose context tells no attempt: it
// goes to an instance as well.
func (e *Engine) sendStray(req *http.Request, next Exchange) (*http.Response, error) {
	picked, err := e.Instances.Pick(req.Context(), balance.PickInfo{})
	if err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	v := &visit{picked: picked}
	defer v.end()
	address := v.picked.Instance().Address
	req = req.WithContext(port.WithInstance(req.Context(), address))
	e.address(req, address)
	response, err := complete(next(req))
	if err == nil {
		v.goesOn = true
		response.Body = &visitedBody{response.Body, v}
	}
	return response, err
}

// visitedBody is a body with whose end a visit ends.
type visitedBody struct {
	io.ReadCloser
	visit *visit
}

// Close implements io.Closer.
func (b *visitedBody) Close() error {
	defer b.visit.leave()
	return b.ReadCloser.Close()
}
