// SPDX-License-Identifier: Apache-2.0

package context

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

func TestABeanRegisteredAsAnInterfaceBecomesAProxy(t *testing.T) {
	app := newApp(nil)
	app.RegisterPostProcessor(&timing{log: slog.New(slog.DiscardHandler)})
	app.Register(NewRedisCache, container.As[Cache]())
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer stop(t, app)
	cache, err := container.Get[Cache](app)
	if _, isProxy := cache.(*timedCache); !isProxy || err != nil {
		t.Errorf("%T, %v", cache, err)
	}
}

func TestEventsReachTheirSubscribers(t *testing.T) {
	app := newApp(map[string]any{"store.path": "/var/lib/store"})
	var got []string
	lifecycle.Subscribe(app.Events(), func(lifecycle.ContextRefreshed) { got = append(got, "refreshed") })
	lifecycle.Subscribe(app.Events(), func(lifecycle.ApplicationReady) { got = append(got, "ready") })
	lifecycle.Subscribe(app.Events(), func(e PriceChanged) { got = append(got, e.Product) })
	lifecycle.Subscribe(app.Events(), func(lifecycle.ContextClosed) { got = append(got, "closed") })
	app.Register(NewIndex)
	app.Register(NewStore)
	app.Register(NewCatalogService)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	container.Must(container.Get[*CatalogService](app)).ChangePrice(app.Events(), "p-1")
	stop(t, app)
	if want := []string{"refreshed", "ready", "p-1", "closed"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

type misdeclared struct {
	client.HttpClient `url:"http://inventory:8080"`

	Get func(ctx context.Context) (string, error) `get:"/products/{id}"`
}

// The column errors.Is of the table of codes, where it is not plain.
func TestKindsOfProblems(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	errFull := errors.New("the disk is full")
	cases := map[string]struct {
		ctx      context.Context
		register func(*container.ApplicationContext)
		code     container.ProblemCode
		is       []error
	}{
		"a constructor's error": {context.Background(), func(app *container.ApplicationContext) {
			app.Register(func() (*Store, error) { return nil, errFull })
		}, container.CodeConstructor, []error{kernel.ErrBeanCreation, errFull}},
		"a panic with an error": {context.Background(), func(app *container.ApplicationContext) {
			app.Register(func() *Store { panic(errFull) })
		}, container.CodePanic, []error{kernel.ErrBeanCreation, errFull}},
		"a declaration": {context.Background(), func(app *container.ApplicationContext) {
			app.Install(client.Module())
			client.Register[misdeclared](app)
		}, container.CodeDeclaration, []error{kernel.ErrBeanCreation, client.ErrDeclaration}},
		"a cancelled start": {cancelled, func(app *container.ApplicationContext) {
			app.Register(NewRedisCache)
		}, container.CodeCancelled, []error{kernel.ErrBeanCreation, context.Canceled}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			app := newApp(nil)
			c.register(app)
			err := app.Start(c.ctx)
			var report *container.StartupError
			if !errors.As(err, &report) || len(report.Problems) != 1 || report.Problems[0].Code != c.code {
				t.Fatal(err)
			}
			for _, target := range c.is {
				if !errors.Is(err, target) {
					t.Errorf("%v is not %v", err, target)
				}
			}
		})
	}
}

func stop(t *testing.T, app *container.ApplicationContext) {
	t.Helper()
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
