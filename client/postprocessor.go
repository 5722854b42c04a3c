// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"sync"

	"github.com/pyfly-go/pyfly/client/internal/telemetry"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
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
	options

	app         *container.ApplicationContext // nil: none
	events      *lifecycle.Events             // nil: none
	unsubscribe func()

	observing sync.Mutex           // guards telemetry
	telemetry *telemetry.Telemetry // nil: none, or not made yet

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
		if err := l.start(ctx); err != nil {
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
	return errors.Join(append(errs, p.resolvers.Close(ctx), p.unobserve())...)
}

// PreDestroy stops the ports of a context that failed before its beans were
// started.
func (p *HttpClientBeanPostProcessor) PreDestroy(ctx context.Context) error { return p.Stop(ctx) }

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
