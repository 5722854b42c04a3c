// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"context"
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/frontend"
	"github.com/pyfly-go/pyfly/client/internal/message"
)

// wire fills the methods of a client.
func (p *HttpClientBeanPostProcessor) wire(client reflect.Value) error {
	d, nameErr := declarationOf(client.Type()).namedIn(p.app)
	if err := d.Err(); err != nil {
		return err
	}
	w := wiringOf(client, *d.marker)
	switch {
	case (*w).isBare() && d.isFake(client):
		setStubs(client)
		return nil
	case *w == nil:
		*w = &wiring{}
	case (*w).live != nil && !(*w).live.engines.IsClosed():
		return nil // by another processor
	}
	s, err := resolveSettings(p.configuration(), d, (*w).defaults, p.known())
	if err != nil {
		return err
	}
	if err := cmp.Or(nameErr, p.claimName(d)); err != nil {
		return err
	}
	p.warnOfLongerName(d)
	l := newLive(p, d)
	l.defaults = (*w).defaults
	e, err := p.newEngine(l, s, nil)
	if err != nil {
		return err
	}
	l.engines.Begin(e)
	if err := l.watch(e.With); err != nil {
		return err
	}
	if err := p.add(l); err != nil {
		return err
	}
	if err := l.implement(client, (*w).fallback, message.NewCodecs(p.codecs)); err != nil {
		return err
	}
	*w = &wiring{live: l, fallback: (*w).fallback, defaults: (*w).defaults}
	return nil
}

// implement gives the client what runs its calls.
func (l *live) implement(client, fallback reflect.Value, codecs message.Codecs) error {
	callers := make([]*frontend.Caller, len(l.declaration.Methods))
	for i := range callers {
		var err error
		if callers[i], err = l.callerOf(i, codecs); err != nil {
			return err
		}
	}
	if generated, ok := generatedClient(client); ok {
		stub, _ := generated.PyflyStub()
		stub.Wire(callers)
		return nil
	}
	for i := range l.declaration.Methods {
		m := &l.declaration.Methods[i]
		fn := m.implement(callers[i])
		if fallback.IsValid() && !m.in(fallback).IsNil() {
			fn = withFallback(fn, m.in(fallback))
		}
		m.set(client, fn)
	}
	return nil
}

// claimName refuses a second type of client of one name.
func (p *HttpClientBeanPostProcessor) claimName(d *Declaration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.names == nil {
		p.names = map[string]reflect.Type{}
	}
	if other, taken := p.names[d.Name]; taken && other != d.typ {
		return d.sameName(other)
	}
	p.names[d.Name] = d.typ
	return nil
}

// isFake reports whether the user has set a method.
func (d *Declaration) isFake(client reflect.Value) bool {
	if _, ok := generatedClient(client); ok {
		return false
	}
	for i := range d.Methods {
		if !d.Methods[i].in(client).IsNil() {
			return true
		}
	}
	return false
}

// add takes over the life of a client. The port of one that is wired late, when
// the others have been started, is started at once.
func (p *HttpClientBeanPostProcessor) add(l *live) error {
	p.mu.Lock()
	p.clients = append(p.clients, l)
	running := p.running
	p.mu.Unlock()
	if !running {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), DefaultTimeout)
	defer cancel()
	return l.start(ctx)
}
