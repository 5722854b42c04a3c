// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"go.opentelemetry.io/otel/metric"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// Module brings a [Server] into an application context, with the settings below
// pyfly.actuator (see [Settings]), and a metric.MeterProvider to which the clients
// report, unless the application has one of its own: then /prometheus tells of
// the Go runtime alone, and the console knows no latencies. Beans of type
// sdkmetric.Reader (package go.opentelemetry.io/otel/sdk/metric) are readers of
// that provider, to send metrics elsewhere as well, and what beans of type
// prometheus.Gatherer gather is served with it.
func Module() container.Module {
	return container.Module{Name: "actuator", Configure: func(app *container.ApplicationContext) {
		container.Properties[Settings](app, prefix, container.Named("actuatorSettings"))
		if enabled, isSet, err := config.Value[bool](app.Config(), prefix+".enabled"); err == nil && isSet && !enabled {
			return
		}
		app.Register(newIndicators, container.Named("actuatorHealthIndicators"), container.Stereotype("post-processor"))
		app.Register(newMetrics, container.Named("actuatorMetrics"))
		app.Register(func(m *metrics) metric.MeterProvider { return m.provider },
			container.Named("actuatorMeterProvider"), container.OnMissingBean[metric.MeterProvider]())
		app.Register(newServer, container.Named("actuatorServer"))
	}}
}
