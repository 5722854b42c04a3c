// SPDX-License-Identifier: Apache-2.0

// The service example: a service with its own HTTP server, which calls another
// service through a declared client, and which Kubernetes can restart under
// load without losing a request.
//
//	PYFLY_CLIENT_SERVICES_INVENTORY_CLIENT_BASE_URL=http://localhost:9000 go run .
package main

import (
	"context"

	"go.opentelemetry.io/otel"

	"github.com/pyfly-go/pyfly/actuator"
	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

func main() {
	container.Exit(newApplication().Run(context.Background()))
}

// newApplication registers all beans; none is created before Run.
func newApplication(opts ...container.Option) *container.ApplicationContext {
	app := container.NewApplicationContext(opts...)
	app.Install(client.Module(), actuator.Module())
	client.Register[InventoryClient](app)
	app.Register(NewOutbound)
	app.Register(otel.GetTracerProvider) // makes no spans until another one is set, but hands traces on
	container.Properties[ServerProperties](app, "server")
	app.Register(NewOrders, container.Stereotype("service"))
	app.Register(NewHTTPServer)
	return app
}
