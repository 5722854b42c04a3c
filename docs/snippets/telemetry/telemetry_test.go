// SPDX-License-Identifier: Apache-2.0

package telemetry

import (
	"context"
	"net/http"
	"testing"

	metricnoop "go.opentelemetry.io/otel/metric/noop"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func TestTheShopIsObservedInEveryWay(t *testing.T) {
	ways := map[string]func(*container.ApplicationContext){
		"global": global,
		"beans": func(app *container.ApplicationContext) {
			beans(app, tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider())
		},
		"metrics only":       func(app *container.ApplicationContext) { metricsOnly(app, metricnoop.NewMeterProvider()) },
		"trace context only": traceContextOnly,
	}
	for name, install := range ways {
		t.Run(name, func(t *testing.T) {
			port := clienttest.NewPort()
			port.On("GET", "/products/{id}").RespondJSON(http.StatusOK, Product{Name: "rake"})
			app := container.NewApplicationContext(container.WithConfig(config.New(nil)))
			app.Register(func() client.HttpClientFactory { return port.Factory() })
			install(app)
			client.Register[ShopClient](app)
			if err := app.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := app.Stop(context.Background()); err != nil {
					t.Error(err)
				}
			}()
			if p, err := below(t.Context(), container.Must(container.Get[*ShopClient](app))); err != nil || p.Name != "rake" {
				t.Errorf("%v, %v", p, err)
			}
		})
	}
}
