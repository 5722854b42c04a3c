// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"net/http"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/frontend"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/kernel"
)

// Operation is a declared method without its Go signature: verb, settings,
// retry, circuit breaker, interceptors. It is what generated code calls in place
// of the method's function, without reflection; see the Operation methods of
// [HttpClient] and [ServiceClient]. It is safe for concurrent use.
type Operation struct {
	live  *live
	index int
}

// Message is what an [Operation] sends.
type Message struct {
	Path        string      // escaped, from the slash on: "/products/a%2Fb"
	Query       string      // escaped, without question mark
	Header      http.Header // beside what is declared and set
	Body        []byte      // nil: none
	ContentType string      // of the body
}

// Operation returns the operation of a method of the client. Its error is a
// kernel.NotWiredError before the context has started.
func (c HttpClient) Operation(method string) (*Operation, error) { return c.wiring.operation(method) }

// Operation returns the operation of a method of the client. Its error is a
// kernel.NotWiredError before the context has started.
func (c ServiceClient) Operation(method string) (*Operation, error) {
	return c.wiring.operation(method)
}

func (w *wiring) operation(method string) (*Operation, error) {
	if w == nil || w.live == nil {
		return nil, &kernel.NotWiredError{Client: "the client", Method: method}
	}
	for i, m := range w.live.declaration.Methods {
		if m.Name == method {
			return &Operation{w.live, i}, nil
		}
	}
	return nil, fmt.Errorf("%w: the client %s has no method %s", ErrDeclaration, w.live.declaration.Name, method)
}

// Do runs one call. take is called with an answer of status 2xx, whose body has
// been read whole and is valid until take returns; its error is an [ErrDecode].
// take may be nil. Do's own error is nil or an [*Error].
func (o *Operation) Do(ctx context.Context, m Message, take func(status int, header http.Header, body []byte) error) error {
	g := o.live.current()
	op, b := g.Operations[o.index], &builtCall{answer: take}
	if err := o.prepare(ctx, g.With, &b.sent, m); err != nil {
		return g.NotSent(ctx, op, &message.Message{}, err)
	}
	return b.Do(ctx, g.Engine, op, &b.sent, b)
}

// Open runs one call up to the answer's headers, if its status is of the 2xx.
// The caller closes the body; until then the call is under way. The error is
// nil or an [*Error].
func (o *Operation) Open(ctx context.Context, m Message) (*http.Response, error) {
	g := o.live.current()
	op, sent := g.Operations[o.index], &message.Message{}
	if err := o.prepare(ctx, g.With, sent, m); err != nil {
		return nil, g.NotSent(ctx, op, &message.Message{}, err)
	}
	return g.Open(ctx, op, sent)
}

func (o *Operation) prepare(ctx context.Context, g *generation, sent *message.Message, m Message) error {
	if ctx == nil {
		return frontend.ErrNilContext
	}
	sent.Path, sent.Query, sent.Header = m.Path, m.Query, m.Header
	sent.Body, sent.HasBody, sent.ContentType = m.Body, m.Body != nil, m.ContentType
	if err := sent.Check(); err != nil {
		return err
	}
	return sent.Compress(g.operations[o.index].coding)
}

// builtCall is a call of an Operation, in one piece of memory.
type builtCall struct {
	engine.Run
	sent   message.Message
	answer func(status int, header http.Header, body []byte) error
}

// Take implements message.Sink.
func (b *builtCall) Take(r *message.Response) error {
	switch {
	case r.Status == http.StatusNotModified:
		return message.ErrNotModified
	case b.answer == nil:
		return nil
	}
	if err := b.answer(r.Status, r.Header, r.Body); err != nil {
		return message.NewDecodeError("", err)
	}
	return nil
}
