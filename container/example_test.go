// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

// What a user of the package would write.
type (
	Store          struct{ products []string }
	CatalogService struct{ store *Store }
	Mailer         interface{ Send(text string) }
	consoleMailer  struct{}
)

func NewStore() *Store                               { return &Store{[]string{"rake", "hoe"}} }
func NewCatalogService(store *Store) *CatalogService { return &CatalogService{store} }
func (*Store) Start(context.Context) error           { fmt.Println("store started"); return nil }
func (*Store) Stop(context.Context) error            { fmt.Println("store stopped"); return nil }
func (consoleMailer) Send(text string)               { fmt.Println("mail:", text) }

// quietContext is a context that logs nothing and reads no files.
func quietContext(settings map[string]any) *container.ApplicationContext {
	return container.NewApplicationContext(
		container.WithConfig(config.New(settings)),
		container.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
}

func ExampleNewApplicationContext() {
	ctx := context.Background()
	app := container.NewApplicationContext() // reads pyfly.yaml when there is one
	app.Register(NewCatalogService)          // in any order
	app.Register(NewStore)
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	catalog := container.Must(container.Get[*CatalogService](app))
	fmt.Println(catalog.store.products)
	_ = app.Stop(ctx)
	// Output:
	// store started
	// [rake hoe]
	// store stopped
}

func ExampleApplicationContext_Start() {
	app := quietContext(nil)
	app.Register(NewCatalogService)
	err := app.Start(context.Background())
	fmt.Println(errors.Is(err, kernel.ErrNoSuchBean))

	var report *container.StartupError
	if errors.As(err, &report) {
		for _, p := range report.Problems {
			fmt.Println(p.Code, p.What)
			fmt.Println(p.Remedy)
		}
	}
	// Output:
	// true
	// DI001 no bean of type *container_test.Store
	// register a constructor of it: app.Register(func(...) *container_test.Store { ... })
}

// loud puts a proxy in front of every Mailer.
type loud struct{}

type loudMailer struct{ Mailer }

func (m loudMailer) Send(text string) { m.Mailer.Send(text + "!") }

func (loud) BeforeInit(bean any, _ string) (any, error) { return bean, nil }
func (loud) AfterInit(bean any, _ string) (any, error) {
	if m, ok := bean.(Mailer); ok {
		return loudMailer{m}, nil
	}
	return bean, nil
}

func ExampleApplicationContext_RegisterPostProcessor() {
	app := quietContext(nil)
	app.RegisterPostProcessor(loud{})
	app.Register(func() Mailer { return consoleMailer{} }) // an interface, so that a proxy may stand in
	if err := app.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	container.Must(container.Get[Mailer](app)).Send("hello")
	_ = app.Stop(context.Background())
	// Output: mail: hello!
}

func ExampleApplicationContext_Override() {
	app := quietContext(nil)
	app.Register(func() Mailer { panic("no test sends mail") })
	app.Override(func() Mailer { return consoleMailer{} })
	if err := app.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	container.Must(container.Get[Mailer](app)).Send("from a test")
	_ = app.Stop(context.Background())
	// Output: mail: from a test
}

func ExampleProperties() {
	type ShopProperties struct {
		Currency string `koanf:"currency"`
		PageSize int    `koanf:"page-size" default:"20"`
	}
	app := quietContext(map[string]any{"shop.currency": "EUR"})
	container.Properties[ShopProperties](app, "shop")
	app.Register(func(p *ShopProperties) *Store {
		fmt.Println(p.Currency, p.PageSize)
		return NewStore()
	})
	_ = app.Start(context.Background())
	_ = app.Stop(context.Background())
	// Output:
	// EUR 20
	// store started
	// store stopped
}

func ExampleOnStart() {
	type Ticker struct{ Name string } // a type that is not ours
	app := quietContext(nil)
	app.Register(func() *Ticker { return &Ticker{"prices"} },
		container.OnStart(func(_ context.Context, t *Ticker) error { fmt.Println(t.Name, "ticks"); return nil }),
		container.OnStop(func(_ context.Context, t *Ticker) error { fmt.Println(t.Name, "rests"); return nil }))
	_ = app.Start(context.Background())
	_ = app.Stop(context.Background())
	// Output:
	// prices ticks
	// prices rests
}

func ExampleApplicationContext_Beans() {
	app := quietContext(nil)
	app.Register(NewCatalogService, container.Stereotype("service"))
	app.Register(NewStore)
	for _, b := range app.Beans() {
		fmt.Println(b.Name, b.Type, b.Stereotype, b.Dependencies)
	}
	// Output:
	// store *container_test.Store  []
	// catalogService *container_test.CatalogService service [store]
}
