// SPDX-License-Identifier: Apache-2.0

package frontend

import (
	"reflect"

	"github.com/pyfly-go/pyfly/kernel"
)

// Client is a generated implementation of an interface.
type Client interface {
	// PyflyStub returns what runs the calls and what the interface declares.
	PyflyStub() (*Stub, Declaration)
}

// Fake is a generated fake of such an interface.
type Fake interface {
	// PyflyFallback makes the fake's functions the fallbacks of a client. It returns
	// the methods that have one and cannot have it, because they return sequences.
	// ok is false if the client is none of the fake's interface.
	PyflyFallback(client any) (sequences []string, ok bool)
}

// Declaration is what an interface declares by directives. The directive of the
// client itself is the tag of the marker that its implementation embeds.
type Declaration struct {
	Interface reflect.Type
	Methods   []Method
}

// TypeOf returns the type of a method, or nil if there is none of the name.
func (d Declaration) TypeOf(method string) reflect.Type {
	for _, m := range d.Methods {
		if m.Name == method {
			return m.Type()
		}
	}
	return nil
}

// Method is one method of an interface.
type Method struct {
	Name       string
	Directive  string   // "get /payments/{payment_id}", with its tags
	Parameters []string // the names of all parameters
	Func       any      // the method expression: PaymentClient.GetPayment
}

// Type returns the type of the method, without its receiver.
func (m Method) Type() reflect.Type {
	t := reflect.TypeOf(m.Func)
	var in, out []reflect.Type
	for i := 1; i < t.NumIn(); i++ {
		in = append(in, t.In(i))
	}
	for i := range t.NumOut() {
		out = append(out, t.Out(i))
	}
	return reflect.FuncOf(in, out, t.IsVariadic())
}

// Stub is the part of a generated implementation that runs its calls. It must not
// be copied.
type Stub struct {
	callers []*Caller // nil: not wired
	client  string
	methods []Method
}

// Declare tells the stub what it is one of.
func (s *Stub) Declare(d Declaration) { s.client, s.methods = d.Interface.Name(), d.Methods }

// Wire gives the stub what runs its calls, by method. No call may be under way.
func (s *Stub) Wire(callers []*Caller) { s.callers = callers }

// Caller returns what runs the calls of a method. Its error is a
// kernel.NotWiredError.
func (s *Stub) Caller(method int) (*Caller, error) {
	if s.callers == nil {
		return nil, s.notWired(method)
	}
	return s.callers[method], nil
}

func (s *Stub) notWired(method int) error {
	e := &kernel.NotWiredError{Client: s.client}
	if method < len(s.methods) {
		e.Method = s.methods[method].Name
	}
	return e
}
