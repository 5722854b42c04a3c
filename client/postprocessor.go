// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/nethttp"
	"github.com/pyfly-go/pyfly/client/internal/oauth"
	"github.com/pyfly-go/pyfly/client/internal/registry"
	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/client/internal/telemetry"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/internal/declaration"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/resilience"
)

// HttpClientBeanPostProcessor finds client beans, pointers to structs that embed
// [HttpClient] or [ServiceClient], builds an [HttpClientPort] for each and fills
// every declared method with an implementation guarded by timeout, retry and
// circuit breaker.
//
// [Module] brings it into an application context. It can be used alone as well:
//
//	p := client.NewHttpClientBeanPostProcessor()
//	bean, err := p.AfterInit(client.NewStub[InventoryClient](), "inventoryClient")
//	defer p.Stop(context.Background())
//
// A client whose methods the user has set is a fake and is left as it is.
// It is safe for concurrent use.
type HttpClientBeanPostProcessor struct {
	factory       HttpClientFactory
	codecs        []Codec
	interceptors  []Interceptor
	calls         []CallInterceptor
	errorDecoders []ErrorDecoder
	codings       []ContentCoding
	wrapTransport func(http.RoundTripper) http.RoundTripper
	dial          func(ctx context.Context, network, address string) (net.Conn, error)
	config        *config.Config
	logger        *slog.Logger

	retryIf     func(*Error) bool
	tracers     trace.TracerProvider          // nil: no spans
	meters      metric.MeterProvider          // nil: no metrics
	propagator  propagation.TextMapPropagator // nil: the global one
	observing   sync.Mutex                    // guards telemetry
	telemetry   *telemetry.Telemetry          // nil: none, or not made yet
	app         *container.ApplicationContext // nil: none
	events      *lifecycle.Events             // nil: none
	unsubscribe func()

	mu      sync.Mutex
	clients []*live
	names   map[string]reflect.Type // of clients
	running bool                    // between Start and Stop
}

var (
	_ lifecycle.SelectivePostProcessor = (*HttpClientBeanPostProcessor)(nil)
	_ lifecycle.Starter                = (*HttpClientBeanPostProcessor)(nil)
	_ lifecycle.Stopper                = (*HttpClientBeanPostProcessor)(nil)
	_ lifecycle.PreDestroyer           = (*HttpClientBeanPostProcessor)(nil)
	_ container.ContextAware           = (*HttpClientBeanPostProcessor)(nil)
)

// Option configures [NewHttpClientBeanPostProcessor] and [Module].
type Option func(*HttpClientBeanPostProcessor)

// WithFactory makes ports by factory instead of [NewNetHTTPAdapter]. It wins
// over a bean of type [HttpClientFactory].
func WithFactory(factory HttpClientFactory) Option {
	return func(p *HttpClientBeanPostProcessor) { p.factory = factory }
}

// WithTransport puts something around the [http.Transport] of every net/http
// adapter: what is made for http.Client (instrumentation, recorders for tests)
// serves here too. It returns what it was given if it has nothing to do, and is
// called once for each client.
func WithTransport(wrap func(http.RoundTripper) http.RoundTripper) Option {
	return func(p *HttpClientBeanPostProcessor) { p.wrapTransport = wrap }
}

// WithDialContext makes the connections of every net/http adapter, those to
// authorization servers included, by dial instead of a [net.Dialer]: to reach
// services through a tunnel, or in a test through memory. network is "tcp" or
// "unix". The setting connect-timeout limits it. dial must be safe for concurrent
// use.
func WithDialContext(dial func(ctx context.Context, network, address string) (net.Conn, error)) Option {
	return func(p *HttpClientBeanPostProcessor) { p.dial = dial }
}

// WithRetryIf lets further errors be tried again: those for which retryIf
// returns true, of methods that may be repeated. It must be safe for concurrent
// use.
func WithRetryIf(retryIf func(*Error) bool) Option {
	return func(p *HttpClientBeanPostProcessor) { p.retryIf = retryIf }
}

// WithConfig reads the clients' settings from cfg instead of the application
// context's configuration.
func WithConfig(cfg *config.Config) Option {
	return func(p *HttpClientBeanPostProcessor) { p.config = cfg }
}

// WithLogger logs to logger instead of the application context's logger.
func WithLogger(logger *slog.Logger) Option {
	return func(p *HttpClientBeanPostProcessor) { p.logger = logger }
}

// NewHttpClientBeanPostProcessor makes the processor. Registered with an
// application context it takes configuration and logger from it, unless they
// are given as options; alone it has the built-in settings and slog.Default().
func NewHttpClientBeanPostProcessor(opts ...Option) *HttpClientBeanPostProcessor {
	p := &HttpClientBeanPostProcessor{}
	for _, opt := range opts {
		if opt != nil {
			opt(p)
		}
	}
	return p
}

// SetApplicationContext takes what no option has given from app.
func (p *HttpClientBeanPostProcessor) SetApplicationContext(app *container.ApplicationContext) {
	p.app, p.events = app, app.Events()
	if p.config == nil {
		p.config = app.Config()
		p.unsubscribe = lifecycle.Subscribe(p.events, p.apply)
	}
	if p.logger == nil {
		p.logger = app.Logger()
	}
}

// Processes reports whether t is a client.
func (p *HttpClientBeanPostProcessor) Processes(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	_, ok := markerOf(t)
	return ok
}

// BeforeInit returns the bean.
func (p *HttpClientBeanPostProcessor) BeforeInit(bean any, _ string) (any, error) { return bean, nil }

// AfterInit wires the bean if it is a client, and returns it. A wrong
// declaration is an [ErrDeclaration], a wrong setting a kernel.ErrConfig.
func (p *HttpClientBeanPostProcessor) AfterInit(bean any, beanName string) (any, error) {
	pointer := reflect.ValueOf(bean)
	if !pointer.IsValid() || !p.Processes(pointer.Type()) {
		return bean, nil
	}
	if pointer.Kind() != reflect.Pointer {
		return nil, fmt.Errorf("the client %s is a value and cannot be wired: register a *%s", beanName, pointer.Type())
	}
	if pointer.IsNil() {
		return bean, nil
	}
	return bean, p.wire(pointer.Elem())
}

// wire fills the methods of a client.
func (p *HttpClientBeanPostProcessor) wire(client reflect.Value) error {
	d, nameErr := declarationOf(client.Type()).namedIn(p.app)
	if err := d.Err(); err != nil {
		return err
	}
	w := wiringOf(client, *d.marker)
	switch {
	case *w == nil && d.isFake(client):
		setStubs(client)
		return nil
	case *w == nil:
		*w = &wiring{}
	case (*w).live != nil && !(*w).live.engines.IsClosed():
		return nil // by another processor
	}
	s, err := resolveSettings(p.configuration(), d, newCodings(p.codings))
	if err != nil {
		return err
	}
	if err := cmp.Or(nameErr, p.claimName(d)); err != nil {
		return err
	}
	p.warnOfLongerName(d)
	l := newLive(p, d)
	e, err := p.newEngine(l, s, nil)
	if err != nil {
		return err
	}
	l.engines.Begin(e)
	if err := p.add(l); err != nil {
		return err
	}
	for i := range d.Methods {
		m := &d.Methods[i]
		fn, err := m.implement(l, i, newCodecs(p.codecs))
		if err != nil {
			return err
		}
		if fallback := (*w).fallback; fallback.IsValid() && !m.in(fallback).IsNil() {
			fn = withFallback(fn, m.in(fallback))
		}
		m.set(client, fn)
	}
	*w = &wiring{live: l, fallback: (*w).fallback}
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
	for i := range d.Methods {
		if !d.Methods[i].in(client).IsNil() {
			return true
		}
	}
	return false
}

func (p *HttpClientBeanPostProcessor) configuration() *config.Config {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.config == nil {
		return config.New(nil)
	}
	return p.config
}

func (p *HttpClientBeanPostProcessor) log() *slog.Logger {
	if p.logger == nil {
		return slog.Default()
	}
	return p.logger
}

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
	next.Engine = engine.New(engine.Config{
		Name: l.declaration.Name, BaseURL: baseURL, Port: adapter, IsOpaque: isOpaque(adapter),
		Intercept: aroundAttempts(p.interceptors), Authorize: aroundAttempts(p.ownInterceptors(g.tokens)), Identity: s.Identity(), InterceptCall: aroundCalls(p.calls),
		Describe: g.describe, Ended: l.ended, Next: l.engines.Engine, OnStop: g.close,
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
		own = append(own, authorize(tokens))
	}
	if len(p.codings) > 0 {
		own = append(own, newCodings(p.codings).decompress)
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
	return l.engines.Engine().Start(ctx)
}

// apply applies changed settings to all clients, or, if any is wrong, to none.
func (p *HttpClientBeanPostProcessor) apply(change config.Changed) {
	p.mu.Lock()
	clients := slices.Clone(p.clients)
	p.config = change.Config
	p.mu.Unlock()
	resolved := make([]*settings.Client, len(clients))
	var errs []error
	for i, l := range clients {
		var err error
		resolved[i], err = resolveSettings(change.Config, l.declaration, newCodings(p.codings))
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		p.log().Error("changed settings of clients are wrong and change nothing", "error", err)
		return
	}
	for i, l := range clients {
		if err := l.reconfigure(resolved[i]); err != nil {
			p.log().Error("changed settings cannot be applied", "client", l.declaration.Name, "error", err)
		}
	}
}

// addOperation gives the engine of a generation the operation of a method.
func (p *HttpClientBeanPostProcessor) addOperation(l *live, g *registry.Generation[*generation], m *Method, s settings.Settings) {
	secrets := secretNames(s.Connection.SecretNames)
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
	of := operation{template: secrets.text(m.Path), hidesPath: secrets.inPath(m), coding: newCodings(p.codings).of(s.Connection.Compression)}
	g.Operations = append(g.Operations, op)
	g.With.operations = append(g.With.operations, of)
	if o := g.With.observe(op); o != nil {
		op.Observer = o
	}
	p.addPolicies(l, op, m, s)
}

func (p *HttpClientBeanPostProcessor) addPolicies(l *live, op *engine.Operation, m *Method, s settings.Settings) {
	op.Held, op.Guard = l.guard(m, &s)
	l.stale(op, &s)
	l.breaker(op, &s)
	budget := l.policies.Budget(s.Budget)
	if s.HedgeEnabled && op.IsRepeatable && !op.Streams {
		c := s.Hedge
		c.Budget, c.OnHedge, c.OnHedgeWon = budget, l.onHedge(op), l.onHedgeWon(op)
		c.IsDefinite = op.IsDefinite
		c.OnBudgetExhausted = func(attempt int) { l.onBudgetExhausted(context.Background(), op, attempt, nil) }
		op.Hedge = resilience.NewHedge(c)
	}
	if !s.RetryEnabled {
		return
	}
	c := s.Retry
	c.RetryOn, c.Budget, c.Breaker = op.MayRepeat, budget, op.Breaker
	c.OnRetry = l.onRetry(op)
	c.OnBudgetExhausted = func(e resilience.RetryEvent) { l.onBudgetExhausted(e.Context, op, e.Attempt, e.Err) }
	op.Retry = resilience.NewRetryPolicy(c)
}

// Start starts the ports of all clients. The context calls it before any other
// bean's Start.
func (p *HttpClientBeanPostProcessor) Start(ctx context.Context) error {
	p.mu.Lock()
	clients, running := slices.Clone(p.clients), p.running
	p.running = true
	p.mu.Unlock()
	if running {
		return nil
	}
	for _, l := range clients {
		if err := l.engines.Engine().Start(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Stop refuses new calls of all clients with [ErrStopped], lets those in flight
// finish until ctx is done, and stops the ports, side by side. The context
// calls it after every other bean's Stop.
func (p *HttpClientBeanPostProcessor) Stop(ctx context.Context) error {
	if p.unsubscribe != nil {
		p.unsubscribe()
	}
	p.mu.Lock()
	clients := p.clients
	p.clients, p.running = nil, false
	p.mu.Unlock()

	errs := make([]error, len(clients))
	var wg sync.WaitGroup
	for i, l := range clients {
		wg.Go(func() { errs[i] = l.engines.Stop(ctx) })
	}
	wg.Wait()
	return errors.Join(append(errs, p.unobserve())...)
}

// PreDestroy stops the ports of a context that failed before its beans were
// started.
func (p *HttpClientBeanPostProcessor) PreDestroy(ctx context.Context) error { return p.Stop(ctx) }
