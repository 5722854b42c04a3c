// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/frontend"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/kernel"
)

// callerOf returns what runs the calls of a method.
func (l *live) callerOf(index int, codecs message.Codecs) (*frontend.Caller, error) {
	m := &l.declaration.Methods[index]
	format, err := m.format(codecs)
	if err == nil && m.decodesBody {
		err = codecs.Check("accept", m.Accept)
	}
	if err != nil {
		return nil, wrongDeclaration(l.declaration.Type+"."+m.field, err.Error())
	}
	return &frontend.Caller{
		Current: func() frontend.Target {
			g := l.current()
			return frontend.Target{
				Engine: g.Engine, Operation: g.Operations[index],
				Links: g.With.links(), Coding: g.With.operations[index].coding,
			}
		},
		Format: format, Decoder: message.Decoder{Codecs: codecs}, Take: take, Path: m.Path, Reconnects: m.Reconnect, Stopped: l.engines.Stopped(),
	}, nil
}

// take takes a response into the result of a method, or nowhere if it returns only
// an error.
func take(d message.Decoder, r *message.Response, target any) error {
	_, wantsStatus := target.(responder)
	switch {
	case r.Status == http.StatusNotModified && !wantsStatus:
		return message.ErrNotModified
	case target == nil:
		return nil
	}
	return decode(d, r, target)
}

// implement makes the function of a declared method, which puts the arguments into
// a draft and gets the result out of a response. This is where Go's reflection ends.
func (m *Method) implement(caller *frontend.Caller) reflect.Value {
	f := &frontEnd{Caller: caller, method: m}
	if m.streams() {
		return reflect.MakeFunc(m.typ, f.streaming())
	}
	var resultType reflect.Type
	if m.typ.NumOut() == 2 {
		resultType = m.typ.Out(0)
	}
	return reflect.MakeFunc(m.typ, func(args []reflect.Value) []reflect.Value {
		ctx, _ := args[0].Interface().(context.Context)
		i := &invocation{}
		fill := func(d *message.Draft) { m.fill(d, args[1:]) }
		if resultType == nil {
			i.err = i.Do(ctx, caller, fill, nil)
			i.results[0] = i.errorValue()
			return i.results[:1]
		}
		target := reflect.New(resultType)
		if i.err = i.Do(ctx, caller, fill, target.Interface()); i.err != nil {
			target.Elem().SetZero()
		}
		i.results = [2]reflect.Value{target.Elem(), i.errorValue()}
		return i.results[:]
	})
}

// frontEnd stands between Go's types and a caller.
type frontEnd struct {
	*frontend.Caller
	method *Method
}

// streaming makes the function of a method whose answer is a stream.
func (f *frontEnd) streaming() func(args []reflect.Value) []reflect.Value {
	t := f.method.typ
	if t.NumOut() == 1 {
		return func(args []reflect.Value) []reflect.Value {
			ctx, _ := args[0].Interface().(context.Context)
			return []reflect.Value{f.sequence(ctx, args[1:])}
		}
	}
	return func(args []reflect.Value) []reflect.Value {
		ctx, _ := args[0].Interface().(context.Context)
		response, err := f.Open(ctx, func(d *message.Draft) { f.method.fill(d, args[1:]) })
		switch {
		case err != nil:
			return []reflect.Value{reflect.Zero(t.Out(0)), reflect.ValueOf(&err).Elem()}
		case t.Out(0) == responseType:
			return []reflect.Value{reflect.ValueOf(response), reflect.Zero(errorType)}
		}
		return []reflect.Value{reflect.ValueOf(&response.Body).Elem(), reflect.Zero(errorType)}
	}
}

// invocation is one call, with its results.
type invocation struct {
	frontend.Call
	err     error
	results [2]reflect.Value
}

func (i *invocation) errorValue() reflect.Value { return reflect.ValueOf(&i.err).Elem() }

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
