// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"

	"github.com/pyfly-go/pyfly/client/internal/coding"
	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/internal/nethttp"
	"github.com/pyfly-go/pyfly/client/internal/oauth"
	"github.com/pyfly-go/pyfly/client/internal/registry"
	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/client/internal/shown"
	"github.com/pyfly-go/pyfly/internal/declaration"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// newEngine makes the engine of a client with the given settings. It keeps the
// port of the one before, if there is one, unless a setting of it has changed.
func (p *HttpClientBeanPostProcessor) newEngine(l *live, s *settings.Client, before *registry.Generation[*generation]) (*registry.Generation[*generation], error) {
	baseURL, err := declaration.ParseBaseURL(s.BaseURL)
	if err != nil {
		return nil, err
	}
	g := &generation{
		settings: effective(s), signature: s.Signature(), baseURL: baseURL, shownBaseURL: s.ShownURL(baseURL),
		allowed: s.Connection.AllowedHosts, secrets: s.Connection.SecretNames, telemetry: p.observe(), decoders: p.errorDecoders,
	}
	next := &registry.Generation[*generation]{With: g}
	var adapter HttpClientPort
	if before != nil && before.With.signature == g.signature {
		adapter, next.Port, g.tokens = before.Engine.Port, before.Port, before.With.tokens
	} else {
		cfg, err := p.portConfig(l.declaration, s)
		if err != nil {
			return nil, err
		}
		next.Port = new(registry.Port)
		if adapter, err = p.newPort(cfg); err != nil {
			return nil, err
		}
		if s.Auth.OAuth2.TokenURL != "" {
			g.tokens = newTokens(s.Auth.OAuth2, cfg, baseURL)
		}
	}
	var kept *generation
	if before != nil {
		kept = before.With
	}
	if err := p.instances(l, s, g, kept, adapter); err != nil {
		return nil, err
	}
	var instances engine.Instances
	if g.instances != nil {
		instances = g.instances
	}
	next.Engine = engine.New(engine.Config{
		Instances: instances,
		Name:      l.declaration.Name, BaseURL: baseURL, Port: adapter, IsOpaque: isOpaque(adapter),
		Intercept: aroundAttempts(p.interceptors), Authorize: aroundAttempts(p.ownInterceptors(g.tokens)), Identity: s.Identity(), InterceptCall: aroundCalls(p.calls),
		Describe: g.describe, Sending: l.logAttempt(g), Ended: l.ended, Next: l.engines.Engine, OnStop: g.close,
	})
	for i := range l.declaration.Methods {
		m := &l.declaration.Methods[i]
		p.addOperation(l, next, m, s.Methods[m.Name])
	}
	return next, nil
}

// ownInterceptors are those of every attempt that are not the user's: below the
// user's, so that what these add may be signed with a token.
func (p *HttpClientBeanPostProcessor) ownInterceptors(tokens *oauth.Tokens) []Interceptor {
	var own []Interceptor
	if tokens != nil {
		own = append(own, func(next Exchange) Exchange { return tokens.Authorize(next, withoutToken) })
	}
	if len(p.codings) > 0 {
		codings := coding.New(p.codings)
		own = append(own, func(next Exchange) Exchange { return message.Decompress(codings, next) })
	}
	return own
}

// isOpaque reports whether a port may send more than once for a request, or
// follow a redirect, without telling.
func isOpaque(sender HttpClientPort) bool {
	adapter, ok := sender.(*nethttp.Adapter)
	return !ok || adapter.IsWrapped()
}

// portConfig is what the port of a client is told.
func (p *HttpClientBeanPostProcessor) portConfig(d *Declaration, s *settings.Client) (PortConfig, error) {
	cfg, err := s.PortConfig(d.Name)
	cfg.WrapTransport, cfg.DialContext = p.wrapTransport, p.dial
	return cfg, err
}

func (p *HttpClientBeanPostProcessor) newPort(cfg PortConfig) (HttpClientPort, error) {
	factory := p.factory
	if factory == nil {
		factory = NewNetHTTPAdapter
	}
	var port HttpClientPort
	err := usercode.Call(func() (err error) { port, err = factory(cfg); return err })
	if err != nil {
		return nil, fmt.Errorf("the port of the client %s cannot be made: %w", cfg.Name, err)
	}
	if port == nil {
		return nil, fmt.Errorf("the port of the client %s cannot be made: its HttpClientFactory returned nil", cfg.Name)
	}
	return port, nil
}

// addOperation gives the engine of a generation the operation of a method.
func (p *HttpClientBeanPostProcessor) addOperation(l *live, g *registry.Generation[*generation], m *Method, s settings.Settings) {
	secrets := shown.Names(s.Connection.SecretNames)
	op := &engine.Operation{
		Index: len(g.Operations), Client: l.declaration.Name, Method: m.Name, Verb: m.Verb,
		IsRepeatable: m.Idempotent,
		SendsKey:     m.Idempotent && !engine.IsIdempotent(m.Verb),
		Accept:       m.acceptValues(p.codecs),
		Header:       s.OfMethod,
		Streams:      m.streams(),
		Discards:     m.typ.NumOut() == 1 && !m.streams(),
		IdleTimeout:  s.IdleTimeout,
		Timeout:      s.Timeout, MaxResponseSize: int64(s.MaxResponseSize), TotalTimeout: s.TotalTimeout,
		RetryStatuses: s.RetryStatuses, AttemptHeader: s.AttemptHeader,
	}
	if p.retryIf != nil {
		op.RetryIf = func(err error) bool { e, ok := err.(*Error); return ok && p.retryIf(e) }
	}
	of := operation{template: secrets.Text(m.Path), hidesPath: hasSecretInPath(secrets, m), hidden: p.hiddenNames(secrets, m), coding: coding.New(p.codings).Of(s.Connection.Compression)}
	g.Operations = append(g.Operations, op)
	g.With.operations = append(g.With.operations, of)
	if o := g.With.observe(op); o != nil {
		op.Observer = o
	}
	l.policies.Equip(op, &s, l.hooks(op))
}
