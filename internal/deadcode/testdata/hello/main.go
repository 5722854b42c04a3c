// SPDX-License-Identifier: Apache-2.0

// Hello is a small application with a declarative client.
package main

import (
	"context"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

// GreetingClient is a declarative client.
type GreetingClient struct {
	client.ServiceClient `url:"http://localhost:8080"`

	Greet func(ctx context.Context, name string) (string, error) `get:"/greetings/{name}"`
}

type greeter struct{ client *GreetingClient }

func newGreeter(c *GreetingClient) *greeter { return &greeter{c} }

// PostConstruct is called by the context, which finds it through an interface.
func (g *greeter) PostConstruct(context.Context) error { return nil }

// NobodyCalls is a method that the binary must not contain.
func (g *greeter) NobodyCalls() *GreetingClient { return g.client }

func main() {
	app := container.NewApplicationContext()
	app.Install(client.Module())
	client.Register[GreetingClient](app)
	app.Register(newGreeter)
	container.Exit(app.Run(context.Background()))
}
