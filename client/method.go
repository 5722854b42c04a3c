// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"fmt"
	"net/http"
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/internal/registry"
	"github.com/pyfly-go/pyfly/kernel"
)

// implement makes the function of a declared method: it encodes the arguments,
// lets the engine run the call and decodes the answer. This is where Go's
// reflection ends; the engine knows messages and answers only.
func (m *Method) implement(l *live, index int, codecs message.Codecs) (reflect.Value, error) {
	encoder, err := newEncoder(m, codecs)
	if err == nil && m.decodesBody {
		err = codecs.Check("accept", m.Accept)
	}
	if err != nil {
		return reflect.Value{}, wrongDeclaration(l.declaration.Type+"."+m.field, err.Error())
	}
	f := &frontEnd{live: l, index: index, encoder: encoder, decoder: message.Decoder{Codecs: codecs}}
	if m.streams() {
		return reflect.MakeFunc(m.typ, f.streaming()), nil
	}
	var resultType reflect.Type
	if m.typ.NumOut() == 2 {
		resultType = m.typ.Out(0)
	}
	return reflect.MakeFunc(m.typ, func(args []reflect.Value) []reflect.Value {
		ctx, _ := args[0].Interface().(context.Context)
		i := &invocation{decoder: f.decoder}
		if resultType == nil {
			i.err = f.invoke(ctx, args[1:], i)
			i.results[0] = i.errorValue()
			return i.results[:1]
		}
		target := reflect.New(resultType)
		i.target = target.Interface()
		if i.err = f.invoke(ctx, args[1:], i); i.err != nil {
			target.Elem().SetZero()
		}
		i.results = [2]reflect.Value{target.Elem(), i.errorValue()}
		return i.results[:]
	}), nil
}

// frontEnd stands between Go's types and the engine.
type frontEnd struct {
	live    *live
	index   int // of the operation
	encoder *encoder
	decoder message.Decoder
}

// current returns what runs a call that begins now.
func (f *frontEnd) current() (*registry.Generation[*generation], *engine.Operation) {
	g := f.live.current()
	return g, g.Operations[f.index]
}

// streaming makes the function of a method whose answer is a stream.
func (f *frontEnd) streaming() func(args []reflect.Value) []reflect.Value {
	t := f.encoder.typ
	if t.NumOut() == 1 {
		return func(args []reflect.Value) []reflect.Value {
			ctx, _ := args[0].Interface().(context.Context)
			return []reflect.Value{f.sequence(ctx, args[1:])}
		}
	}
	return func(args []reflect.Value) []reflect.Value {
		ctx, _ := args[0].Interface().(context.Context)
		response, _, err := f.open(ctx, args[1:], "")
		switch {
		case err != nil:
			return []reflect.Value{reflect.Zero(t.Out(0)), reflect.ValueOf(&err).Elem()}
		case t.Out(0) == responseType:
			return []reflect.Value{reflect.ValueOf(response), reflect.Zero(errorType)}
		}
		return []reflect.Value{reflect.ValueOf(&response.Body).Elem(), reflect.Zero(errorType)}
	}
}

// open runs one call up to the answer's headers. lastEventID, if there is one,
// tells where a stream of events broke off.
func (f *frontEnd) open(ctx context.Context, args []reflect.Value, lastEventID string) (*http.Response, *message.Message, error) {
	g, op := f.current()
	msg := &message.Message{Path: f.encoder.Path}
	if ctx == nil {
		return nil, msg, g.NotSent(op, msg, errNilContext)
	}
	encoded := &message.Message{}
	if err := f.encode(g.With, encoded, args); err != nil {
		return nil, msg, g.NotSent(op, msg, err)
	}
	if lastEventID != "" {
		encoded.SetHeader("Last-Event-ID", lastEventID)
	}
	response, err := g.Open(ctx, op, encoded)
	return response, encoded, err
}

func (f *frontEnd) encode(g *generation, m *message.Message, args []reflect.Value) error {
	if err := f.encoder.encode(m, args); err != nil {
		return err
	}
	if err := m.Compress(g.operations[f.index].coding); err != nil {
		return err
	}
	return g.links().Follow(m)
}

// invoke runs one call.
func (f *frontEnd) invoke(ctx context.Context, args []reflect.Value, i *invocation) error {
	g, op := f.current()
	if ctx == nil {
		return g.NotSent(op, &message.Message{Path: f.encoder.Path}, errNilContext)
	}
	if err := f.encode(g.With, &i.sent, args); err != nil {
		return g.NotSent(op, &message.Message{Path: f.encoder.Path}, err)
	}
	return i.Do(ctx, g.Engine, op, &i.sent, i)
}

// invocation is one call, with what goes in and where the answer goes: all that
// a call needs in one piece of memory.
type invocation struct {
	engine.Run
	sent    message.Message
	decoder message.Decoder
	target  any // nil when the method returns no result
	err     error
	results [2]reflect.Value
}

func (i *invocation) errorValue() reflect.Value { return reflect.ValueOf(&i.err).Elem() }

// Take implements message.Sink.
func (i *invocation) Take(r *message.Response) error {
	_, wantsStatus := i.target.(responder)
	switch {
	case r.Status == http.StatusNotModified && !wantsStatus:
		return message.ErrNotModified
	case i.target == nil:
		return nil
	}
	return decode(i.decoder, r, i.target)
}

var errNilContext = fmt.Errorf("%w: its context is nil: give context.Background() at least", ErrInvalidRequest)

// stub makes the function of a method that is not wired: it returns a
// kernel.NotWiredError.
func stub(fn reflect.Type, client, method string) reflect.Value {
	var err error = &kernel.NotWiredError{Client: client, Method: method}
	if element := elementOf(fn.Out(0)); element != nil {
		return stubSequence(fn, element, err)
	}
	return reflect.MakeFunc(fn, func([]reflect.Value) []reflect.Value {
		results := make([]reflect.Value, fn.NumOut())
		for i := range results {
			results[i] = reflect.Zero(fn.Out(i))
		}
		results[len(results)-1] = reflect.ValueOf(&err).Elem()
		return results
	})
}

// stubSequence makes a function that returns a sequence of one error.
func stubSequence(fn, element reflect.Type, err error) reflect.Value {
	sequence := reflect.MakeFunc(fn.Out(0), func(loop []reflect.Value) []reflect.Value {
		loop[0].Call([]reflect.Value{reflect.Zero(element), reflect.ValueOf(&err).Elem()})
		return nil
	})
	return reflect.MakeFunc(fn, func([]reflect.Value) []reflect.Value { return []reflect.Value{sequence} })
}
