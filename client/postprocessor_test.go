// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// recordingHandler keeps what is logged as lines of text.
type recordingHandler struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (h *recordingHandler) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.buf.Write(p)
}

func (h *recordingHandler) logger() *slog.Logger { return slog.New(slog.NewTextHandler(h, nil)) }

func (h *recordingHandler) lines() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Split(strings.TrimSpace(h.buf.String()), "\n")
}

// countedPort counts starts and stops.
type countedPort struct {
	portFunc
	mu     sync.Mutex
	events []string
	fail   error
}

func (p *countedPort) Start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, "start")
	return p.fail
}

func (p *countedPort) Stop(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, "stop")
	return nil
}

func newCountedPort() *countedPort {
	return &countedPort{portFunc: func(*http.Request) (*http.Response, error) { return answer(200, `{"name":"from the port"}`), nil }}
}

type shop struct{ clients *catalog }

func newShop(c *catalog) *shop { return &shop{c} }

// Start uses the client, whose port must have been started before.
func (s *shop) Start(ctx context.Context) error {
	_, err := s.clients.Get(ctx, "1")
	return err
}

func TestAStubSaysThatItIsNotWired(t *testing.T) {
	c := client.NewStub[InventoryClient]()
	_, err := c.GetProduct(t.Context(), "1")
	const want = "InventoryClient.GetProduct has not been wired by HttpClientBeanPostProcessor. Make sure the ApplicationContext is started."
	var notWired *kernel.NotWiredError
	if !errors.As(err, &notWired) || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if err := c.DeleteProduct(t.Context(), "1"); !errors.As(err, &notWired) || notWired.Method != "DeleteProduct" {
		t.Error(err)
	}
}

func TestAClientOfAContextWithoutTheModuleIsNotWired(t *testing.T) {
	app := container.NewApplicationContext(container.WithConfig(config.New(nil)), container.WithLogger(slog.New(slog.DiscardHandler)))
	client.Register[catalog](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(context.Background()) }()
	var notWired *kernel.NotWiredError
	if _, err := container.Must(container.Get[*catalog](app)).Get(t.Context(), "1"); !errors.As(err, &notWired) {
		t.Error(err)
	}
}

func TestInAnApplicationContext(t *testing.T) {
	port := newCountedPort()
	factory := client.HttpClientFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil })
	registrations := map[string]func() *container.ApplicationContext{
		"a factory given to the module": func() *container.ApplicationContext { return newApp(nil, client.WithFactory(factory)) },
		"a factory that is a bean": func() *container.ApplicationContext {
			app := newApp(nil)
			app.RegisterInstance(factory)
			return app
		},
		"the processor alone": func() *container.ApplicationContext {
			app := container.NewApplicationContext(container.WithConfig(config.New(nil)), container.WithLogger(slog.New(slog.DiscardHandler)))
			app.RegisterPostProcessor(client.NewHttpClientBeanPostProcessor(client.WithFactory(factory)))
			return app
		},
	}
	for name, newApp := range registrations {
		t.Run(name, func(t *testing.T) {
			port.events = nil
			app := newApp()
			app.Register(newShop)
			client.Register[catalog](app)
			if err := app.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			s := container.Must(container.Get[*shop](app))
			if p, err := s.clients.Get(t.Context(), "1"); err != nil || p.Name != "from the port" {
				t.Errorf("%+v, %v", p, err)
			}
			c := container.Must(container.Get[*catalog](app, "catalog"))
			if c != s.clients {
				t.Error("the client is no singleton")
			}
			if err := app.Stop(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := c.Get(t.Context(), "1"); !errors.Is(err, client.ErrStopped) {
				t.Errorf("after Stop: %v", err)
			}
			if want := []string{"start", "stop"}; !slices.Equal(port.events, want) {
				t.Errorf("the port saw %q, want %q", port.events, want)
			}
		})
	}
}

func TestAClientIsABeanWithAStereotype(t *testing.T) {
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return newCountedPort(), nil }))
	app.Register(newShop)
	client.Register[catalog](app)
	var got []string
	for _, b := range app.Beans() {
		got = append(got, b.Name+" "+b.Stereotype)
	}
	if want := []string{"httpClientBeanPostProcessor post-processor", "catalog client", "shop "}; !slices.Equal(got, want) {
		t.Errorf("beans %q, want %q", got, want)
	}
}

func TestAFakeInAContextIsLeftAsItIs(t *testing.T) {
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
		t.Error("a port was made for a fake")
		return newCountedPort(), nil
	}))
	client.Register[catalog](app)
	app.Override(func() *catalog {
		return &catalog{Get: func(context.Context, string) (Product, error) { return Product{Name: "fake"}, nil }}
	})
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(context.Background()) }()
	c := container.Must(container.Get[*catalog](app))
	if p, err := c.Get(t.Context(), "1"); err != nil || p.Name != "fake" {
		t.Errorf("%+v, %v", p, err)
	}
	var notWired *kernel.NotWiredError
	if err := c.Delete(t.Context(), "1"); !errors.As(err, &notWired) {
		t.Errorf("a method that the fake does not have: %v", err)
	}
}

func TestAClientMadeByTheUsersConstructorIsWired(t *testing.T) {
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return newCountedPort(), nil }))
	app.Register(func() *catalog { return &catalog{} })
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(context.Background()) }()
	if p, err := container.Must(container.Get[*catalog](app)).Get(t.Context(), "1"); err != nil || p.Name != "from the port" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestFailuresOfWiring(t *testing.T) {
	noLicence := errors.New("no licence")
	for name, c := range map[string]struct {
		register func(app *container.ApplicationContext)
		factory  client.HttpClientFactory
		want     string
	}{
		"a factory that fails": {func(app *container.ApplicationContext) { client.Register[catalog](app) },
			func(client.PortConfig) (client.HttpClientPort, error) { return nil, noLicence }, "the port of the client catalog cannot be made: no licence"},
		"a factory that returns nil": {func(app *container.ApplicationContext) { client.Register[catalog](app) },
			func(client.PortConfig) (client.HttpClientPort, error) { return nil, nil }, "its HttpClientFactory returned nil"},
		"a client that is a value": {func(app *container.ApplicationContext) { app.Register(func() catalog { return catalog{} }) },
			nil, "register a *client_test.catalog"},
		"a wrong declaration of a constructor's": {func(app *container.ApplicationContext) {
			app.Register(func() *struct {
				client.HttpClient
				Get func() `get:"x"`
			} {
				return &struct {
					client.HttpClient
					Get func() `get:"x"`
				}{}
			}, container.Named("odd"))
		}, nil, "does not begin with a slash"},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(nil, client.WithFactory(c.factory))
			c.register(app)
			err := app.Start(t.Context())
			if !errors.Is(err, kernel.ErrBeanCreation) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant it to say %q", err, c.want)
			}
		})
	}
}

func TestAPortThatCannotStartFailsTheStart(t *testing.T) {
	port := newCountedPort()
	port.fail = errors.New("no route")
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	client.Register[catalog](app)
	err := app.Start(t.Context())
	if !errors.Is(err, port.fail) || !strings.Contains(err.Error(), "the port of the client catalog cannot be started") {
		t.Error(err)
	}
	if want := []string{"start", "stop"}; !slices.Equal(port.events, want) {
		t.Errorf("the port saw %q, want %q: it must be rolled back", port.events, want)
	}
}

func TestAClientThatIsWiredLateHasAStartedPort(t *testing.T) {
	port := newCountedPort()
	p := client.NewHttpClientBeanPostProcessor(client.WithFactory(
		func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	if err := p.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := p.AfterInit(client.NewStub[catalog](), "catalog"); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if want := []string{"start", "stop"}; !slices.Equal(port.events, want) {
		t.Errorf("the port saw %q, want %q", port.events, want)
	}
}

func TestTheContextCanBeStartedAgain(t *testing.T) {
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return newCountedPort(), nil }))
	client.Register[catalog](app)
	app.RegisterInstance(&InventoryClient{})
	for range 2 {
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := container.Must(container.Get[*catalog](app)).Get(t.Context(), "1"); err != nil {
			t.Error(err)
		}
		if _, err := container.Must(container.Get[*InventoryClient](app)).GetProduct(t.Context(), "1"); err != nil {
			t.Error(err)
		}
		if err := app.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStopLetsCallsFinish stops a context while a call is under way.
func TestStopLetsCallsFinish(t *testing.T) {
	release := make(chan struct{})
	arrived := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-release
		writeJSON(w, 200, Product{Name: "late"})
	})
	app := newApp(over("catalog", s.URL))
	client.Register[catalog](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := container.Must(container.Get[*catalog](app))
	result := make(chan error, 1)
	go func() {
		p, err := c.Get(context.Background(), "1")
		if err == nil && p.Name != "late" {
			err = errors.New("another product")
		}
		result <- err
	}()
	<-arrived
	stopping := make(chan struct{})
	lifecycle.Subscribe(app.Events(), func(lifecycle.ContextClosed) { close(stopping) })
	stopped := make(chan error, 1)
	go func() { stopped <- app.Stop(context.Background()) }()
	<-stopping
	select {
	case err := <-stopped:
		t.Errorf("Stop did not wait for the call under way: %v", err)
	default:
	}
	close(release)
	if err := <-result; err != nil {
		t.Errorf("the call under way: %v", err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Stop: %v", err)
	}
}

func TestRetriesAndTheCircuitAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &recordingHandler{}
		c := wireBy[guarded](t, map[string]any{"pyfly.client.circuit-breaker.failure-threshold": 2},
			client.WithLogger(log.logger()),
			client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return newScript(t, status(500)), nil }))
		_, _ = c.Get(t.Context())
		all := strings.Join(log.lines(), "\n")
		for _, want := range []string{"retrying a call", "client=guarded method=Get attempt=1 delay=1s", "GET http://service.invalid/x: 500", "circuit breaker changed state", "from=closed to=open"} {
			if !strings.Contains(all, want) {
				t.Errorf("the log does not say %q:\n%s", want, all)
			}
		}
	})
}

func TestTwoClientsOfOneNameAreRefused(t *testing.T) {
	type twin struct {
		client.HttpClient `url:"http://twin.invalid" name:"text"`
	}
	app := newApp(nil)
	client.Register[textClient](app)
	client.Register[twin](app)
	if err := app.Start(t.Context()); !errors.Is(err, client.ErrDeclaration) || !strings.Contains(err.Error(), `the client textClient has the name "text" too`) {
		t.Errorf("got %v", err)
	}
	app = newApp(nil)
	client.Register[textClient](app) // two beans of one type are of one client
	client.Register[textClient](app, container.Named("other"))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
