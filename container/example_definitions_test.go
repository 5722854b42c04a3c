// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"fmt"

	"github.com/pyfly-go/pyfly/container"
)

type (
	Cart     struct{ items []string }
	Checkout struct{ carts container.Provider[*Cart] }
)

func NewCheckout(carts container.Provider[*Cart]) *Checkout { return &Checkout{carts} }

func (c *Checkout) Buy(item string) {
	cart, err := c.carts.Get() // a new one: carts are prototypes
	if err != nil {
		fmt.Println(err)
		return
	}
	cart.items = append(cart.items, item)
	fmt.Println(cart.items)
}

func ExampleProvider() {
	app := quietContext(nil)
	app.Register(NewCheckout)
	app.Register(func() *Cart { return &Cart{} }, container.Prototype())
	if err := app.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	checkout := container.Must(container.Get[*Checkout](app))
	checkout.Buy("rake")
	checkout.Buy("hoe")
	_ = app.Stop(context.Background())
	// Output:
	// [rake]
	// [hoe]
}

func ExampleLazy() {
	app := quietContext(nil)
	app.Register(NewStore, container.Lazy())
	if err := app.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("ready")
	_ = container.Must(container.Get[*Store](app)) // builds and starts it
	_ = app.Stop(context.Background())
	// Output:
	// ready
	// store started
	// store stopped
}

func ExampleOnMissingBean() {
	library := container.Module{Name: "mail", Configure: func(app *container.ApplicationContext) {
		app.Register(func() Mailer { return consoleMailer{} }, container.OnMissingBean[Mailer]())
	}}
	app := quietContext(nil)
	app.Install(library)
	app.RegisterInstance(&silentMailer{}) // the user's own wins
	for _, bean := range app.Beans() {
		fmt.Println(bean.Name)
	}
	// Output: silentMailer
}

type silentMailer struct{}

func (*silentMailer) Send(string) {}

func ExampleProfile() {
	app := container.NewApplicationContext(container.WithProfiles("prod", "us"))
	app.Register(NewStore, container.Profile("prod & !eu"))
	app.Register(NewStore, container.Profile("prod & eu"), container.Named("euStore"))
	for _, bean := range app.Beans() {
		fmt.Println(bean.Name)
	}
	// Output: store
}

func ExampleApplicationContext_OverrideModule() {
	mail := container.Module{Name: "mail", Configure: func(app *container.ApplicationContext) {
		app.Register(func() Mailer { return consoleMailer{} })
	}}
	app := quietContext(nil)
	app.Install(mail)
	app.OverrideModule(container.Module{Name: "mail", Configure: func(app *container.ApplicationContext) {
		app.RegisterInstance(&silentMailer{})
	}})
	for _, bean := range app.Beans() {
		fmt.Println(bean.Name, "of module", bean.Module)
	}
	// Output: silentMailer of module mail
}

func ExampleApplicationContext_Graph() {
	app := quietContext(nil)
	app.Register(NewCatalogService)
	app.Register(NewStore)
	for _, edge := range app.Graph().Edges {
		fmt.Println(edge.From, edge.Kind, edge.To)
	}
	// Output: catalogService needs store
}

func ExampleApplicationContext_Validate() {
	app := quietContext(nil)
	app.Register(NewCatalogService) // but no store
	fmt.Println(app.Validate() != nil)
	app.Register(NewStore)
	fmt.Println(app.Validate())
	// Output:
	// true
	// <nil>
}

// importer is a bean with work of its own.
type importer struct{ app *container.ApplicationContext }

func (i *importer) Run(context.Context) error {
	fmt.Println("importing")
	i.app.Shutdown() // the work is done
	return nil
}

func ExampleApplicationContext_Run() {
	app := quietContext(nil)
	app.Register(func(app *container.ApplicationContext) *importer { return &importer{app} })
	err := app.Run(context.Background()) // in main: container.Exit(app.Run(ctx))
	fmt.Println("exit code", container.ExitCode(err))
	// Output:
	// importing
	// exit code 0
}
