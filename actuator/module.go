// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"go.opentelemetry.io/otel/metric"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// Module installs a [Server] into an application context, with the settings
// below pyfly.actuator (see [Settings]), and a metric.MeterProvider for the
// metrics of the clients. If the application has its own MeterProvider, that
// one is used; then /prometheus returns only the metrics of the Go runtime and
// of the gatherers, and the console shows no latencies. Beans of type
// sdkmetric.Reader (package go.opentelemetry.io/otel/sdk/metric) are added to
// the provider as readers, to export metrics to other destinations. The metrics
// of beans of type prometheus.Gatherer are served too.
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
