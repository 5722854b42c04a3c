// SPDX-License-Identifier: Apache-2.0

package codegen

import (
	"context"
	"io"
	"iter"
	"net/http"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/internal/frontend"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/kernel"
)

// Do runs a call of a method that returns only an error. fill puts the arguments
// into the draft of the request. If it panics, the call ends in an error.
func Do(ctx context.Context, s *Stub, method int, fill func(*Draft)) error {
	caller, err := s.Caller(method)
	if err != nil {
		return err
	}
	return new(frontend.Call).Do(ctx, caller, func(d *message.Draft) { fill((*Draft)(d)) }, nil)
}

// Value runs a call of a method that returns a T, decoded from the response, or a
// [client.Response] with one.
func Value[T any](ctx context.Context, s *Stub, method int, fill func(*Draft)) (T, error) {
	c := &call[T]{}
	caller, err := s.Caller(method)
	if err == nil {
		err = c.Do(ctx, caller, func(d *message.Draft) { fill((*Draft)(d)) }, &c.result)
	}
	if err != nil {
		var zero T
		return zero, err
	}
	return c.result, nil
}

// call is a call with its result, in one piece of memory.
type call[T any] struct {
	frontend.Call
	result T
}

// Open runs a call of a method that returns a *http.Response.
func Open(ctx context.Context, s *Stub, method int, fill func(*Draft)) (*http.Response, error) {
	caller, err := s.Caller(method)
	if err != nil {
		return nil, err
	}
	return caller.Open(ctx, func(d *message.Draft) { fill((*Draft)(d)) })
}

// Stream runs a call of a method that returns the body as an io.ReadCloser.
func Stream(ctx context.Context, s *Stub, method int, fill func(*Draft)) (io.ReadCloser, error) {
	response, err := Open(ctx, s, method, fill)
	if err != nil {
		return nil, err
	}
	return response.Body, nil
}

// Sequence returns the elements of a response. Each loop runs a call of its own.
func Sequence[T any](ctx context.Context, s *Stub, method int, fill func(*Draft)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var zero T
		caller, err := s.Caller(method)
		if err != nil {
			yield(zero, err)
			return
		}
		var last *T
		target := func() any {
			last = new(T)
			if event, ok := any(last).(*client.Event); ok {
				return (*message.Event)(event)
			}
			return last
		}
		elements := caller.Elements(ctx, func(d *message.Draft) { fill((*Draft)(d)) })
		elements.Each(ctx, target, func(err error) bool {
			if err != nil {
				return yield(zero, err)
			}
			return yield(*last, nil)
		})
	}
}

// NotWired returns the error of a method that is not wired.
func NotWired(client, method string) error {
	return &kernel.NotWiredError{Client: client, Method: method}
}

// NotWiredValue is NotWired for a method with a result.
func NotWiredValue[T any](client, method string) (T, error) {
	var zero T
	return zero, NotWired(client, method)
}

// NotWiredSequence is NotWired for a method that returns a sequence.
func NotWiredSequence[T any](client, method string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) { yield(NotWiredValue[T](client, method)) }
}
