// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"log/slog"
	"math"

	"go.opentelemetry.io/otel/metric"
	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// Module registers the cache with an application context. It is the innermost
// interceptor of calls, so that it sees the headers that others add.
func Module() container.Module {
	return container.Module{Name: "httpcache", Configure: func(app *container.ApplicationContext) {
		app.Register(newCache, container.Named("httpCache"))
		app.Register(func(c *cache) client.CallInterceptor { return c.exchange },
			container.Named("httpCacheCallInterceptor"), container.Order(math.MaxInt))
		app.Register(func(*cache) client.Interceptor { return observeSent },
			container.Named("httpCacheInterceptor"), container.Order(math.MaxInt))
	}}
}

type parameters struct {
	dig.In
	Config *config.Config
	Logger *slog.Logger
	Events *lifecycle.Events
	Meters metric.MeterProvider `optional:"true"`
}
