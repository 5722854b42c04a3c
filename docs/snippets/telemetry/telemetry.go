// SPDX-License-Identifier: Apache-2.0

// Package telemetry holds the snippets of docs/telemetry.md.
package telemetry

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

// Product is what the shop sells.
type Product struct{ ID, Name string }

// ShopClient is observed.
type ShopClient struct {
	client.ServiceClient `url:"http://shop:8080"`

	Get func(ctx context.Context, id string) (Product, error) `get:"/products/{id}"`
}

func global(app *container.ApplicationContext) {
	app.Install(client.Module(client.WithTelemetry(nil, nil)))
}

func beans(app *container.ApplicationContext, tracers trace.TracerProvider, meters metric.MeterProvider) {
	app.Register(func() trace.TracerProvider { return tracers })
	app.Register(func() metric.MeterProvider { return meters })
	app.Install(client.Module())
}

func metricsOnly(app *container.ApplicationContext, meters metric.MeterProvider) {
	app.Install(client.Module(client.WithTelemetry(tracenoop.NewTracerProvider(), meters)))
}

func traceContextOnly(app *container.ApplicationContext) {
	app.Install(client.Module(
		client.WithTelemetry(nil, nil),
		client.WithPropagator(propagation.TraceContext{}),
	))
}

func below(ctx context.Context, shop *ShopClient) (Product, error) {
	ctx, span := otel.Tracer("checkout").Start(ctx, "checkout")
	defer span.End()
	return shop.Get(ctx, "42") // its span is a child of this span
}
