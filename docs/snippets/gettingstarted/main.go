// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

func configure(app *container.ApplicationContext) {
	app.Install(client.Module())
	client.Register[CatalogClient](app)
	client.Register[StockClient](app)
	app.Register(NewOffers)
}

func main() {
	app := container.NewApplicationContext() // reads pyfly.yaml if it exists
	configure(app)
	container.Exit(app.Run(context.Background()))
}
