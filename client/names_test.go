// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

type (
	OrderClient struct {
		client.HttpClient `url:"http://orders"`

		Get func(ctx context.Context) error `get:"/orders"`
	}
	versionedClient struct {
		client.HttpClient `url:"http://payments" name:"payments-v2"`

		Get func(ctx context.Context) error `get:"/payments"`
	}
	genericClient[T any] struct {
		client.HttpClient `url:"http://items"`

		Get func(ctx context.Context) (T, error) `get:"/items"`
	}
)

// namedApp starts an application and returns the names of its beans and of its
// clients, by base URL, and its log.
func namedApp(t *testing.T, settings map[string]any, register func(app *container.ApplicationContext)) (beans string, clients map[string]string, log string) {
	t.Helper()
	var out bytes.Buffer
	clients = map[string]string{}
	app := container.NewApplicationContext(container.WithConfig(config.New(settings)),
		container.WithLogger(slog.New(slog.NewTextHandler(&out, nil))))
	app.Install(client.Module(client.WithFactory(func(cfg client.PortConfig) (client.HttpClientPort, error) {
		clients[cfg.BaseURL] = cfg.Name
		return newScript(t), nil
	})))
	register(app)
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, b := range app.Beans() {
		if b.Stereotype == "client" {
			names = append(names, b.Name)
		}
	}
	slices.Sort(names)
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " "), clients, out.String()
}

func TestNamesOfClients(t *testing.T) {
	const own, theirs, payments = "http://orders", "http://theirs", "http://payments"
	cases := map[string]struct {
		register func(app *container.ApplicationContext)
		beans    string
		clients  map[string]string
		warnings int
	}{
		"lone ones": {func(app *container.ApplicationContext) {
			client.Register[OrderClient](app)
			client.Register[versionedClient](app)
		}, "orderClient paymentsV2", map[string]string{own: "order-client", payments: "payments-v2"}, 0},
		"two packages": {func(app *container.ApplicationContext) {
			client.Register[OrderClient](app)
			client.Register[client.OrderClient](app)
			client.Register[versionedClient](app)
		}, "clientOrderClient clientTestOrderClient paymentsV2",
			map[string]string{own: "client-test-order-client", theirs: "client-order-client", payments: "payments-v2"}, 2},
		"two packages, with names of their beans": {func(app *container.ApplicationContext) {
			client.Register[OrderClient](app, container.Named("mine"))
			client.Register[client.OrderClient](app, container.Named("theirs"))
		}, "mine theirs", map[string]string{own: "client-test-order-client", theirs: "client-order-client"}, 2},
		"two packages, one of which a condition keeps out": {func(app *container.ApplicationContext) {
			client.Register[OrderClient](app)
			client.Register[client.OrderClient](app, container.Profile("never"))
		}, "orderClient", map[string]string{own: "order-client"}, 0},
		"two packages, one in a module that is overridden": {func(app *container.ApplicationContext) {
			app.Install(container.Module{Name: "theirs", Configure: func(app *container.ApplicationContext) {
				client.Register[client.OrderClient](app)
			}})
			client.Register[OrderClient](app)
			app.OverrideModule(container.Module{Name: "theirs", Configure: func(*container.ApplicationContext) {}})
		}, "orderClient", map[string]string{own: "order-client"}, 0},
		"a bean of a client's type name": {func(app *container.ApplicationContext) {
			type OrderClient struct{ _ int }
			app.RegisterInstance(&OrderClient{}, container.Named("other"))
			client.Register[client.OrderClient](app)
		}, "orderClient", map[string]string{theirs: "order-client"}, 0},
		"one client twice": {func(app *container.ApplicationContext) {
			client.Register[OrderClient](app, container.Named("one"))
			client.Register[OrderClient](app, container.Named("two"))
		}, "one two", map[string]string{own: "order-client"}, 0},
		"a bean named otherwise": {func(app *container.ApplicationContext) {
			client.Register[versionedClient](app, container.Named("mine"))
		}, "mine", map[string]string{payments: "payments-v2"}, 0},
		"a generic client": {func(app *container.ApplicationContext) {
			client.Register[genericClient[[]string]](app)
		}, "genericClient[[]string]", map[string]string{"http://items": "generic-client-string"}, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			beans, clients, log := namedApp(t, nil, c.register)
			if beans != c.beans {
				t.Errorf("beans %q, want %q", beans, c.beans)
			}
			for url, want := range c.clients {
				if clients[url] != want {
					t.Errorf("the client of %s is %q, want %q", url, clients[url], want)
				}
			}
			if warnings := strings.Count(log, "level=WARN"); warnings != c.warnings {
				t.Errorf("%d warnings, want %d: %s", warnings, c.warnings, log)
			}
		})
	}
}

func TestSettingsOfClientsOfOneTypeName(t *testing.T) {
	register := func(app *container.ApplicationContext) {
		client.Register[OrderClient](app)
		client.Register[client.OrderClient](app)
	}
	_, clients, log := namedApp(t, map[string]any{
		"pyfly.client.services.client-order-client.base-url": "http://new",
		"pyfly.client.services.order-client.base-url":        "http://old",
	}, register)
	if clients["http://new"] != "client-order-client" || clients["http://orders"] != "client-test-order-client" {
		t.Errorf("clients %v", clients)
	}
	for _, want := range []string{
		`client=client.OrderClient key=pyfly.client.services.client-order-client "instead of"=pyfly.client.services.order-client`,
		`client=client_test.OrderClient key=pyfly.client.services.client-test-order-client "instead of"=pyfly.client.services.order-client`,
		`msg="unknown setting: nothing reads it" key=pyfly.client.services.order-client.base-url`,
	} {
		if strings.Count(log, want) != 1 {
			t.Errorf("the log does not say %s: %s", want, log)
		}
	}

	app := container.NewApplicationContext(container.WithConfig(config.New(map[string]any{
		"pyfly.client.services.client-order-client.timeout": "soon",
	})), container.WithLogger(slog.New(slog.DiscardHandler)))
	register(app)
	var report *container.StartupError
	if err := app.Validate(); !errors.As(err, &report) || len(report.Problems) != 1 || report.Problems[0].Code != container.CodeConfig {
		t.Errorf("Validate returned %v", err)
	}
}

func TestTwoClientsOfOneTagAreRefused(t *testing.T) {
	type another struct {
		client.HttpClient `url:"http://another" name:"payments-v2"`

		Get func(ctx context.Context) error `get:"/payments"`
	}
	app := container.NewApplicationContext(container.WithConfig(config.New(nil)), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module())
	client.Register[versionedClient](app, container.Named("one"))
	client.Register[another](app, container.Named("two"))
	if err := app.Start(context.Background()); !errors.Is(err, client.ErrDeclaration) {
		t.Errorf("Start returned %v", err)
	}
}
