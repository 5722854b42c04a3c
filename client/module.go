// SPDX-License-Identifier: Apache-2.0

package client

import (
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/discovery"
)

// Module brings [HttpClientBeanPostProcessor] into an application context,
// unless there is one that the user, or an outer module, registers. A bean of
// type [HttpClientFactory], or [WithFactory], replaces the net/http adapter.
func Module(opts ...Option) container.Module {
	return container.Module{Name: "client", Configure: func(app *container.ApplicationContext) {
		app.Register(func(in processorParameters) *HttpClientBeanPostProcessor {
			p := NewHttpClientBeanPostProcessor(opts...)
			if p.factory == nil {
				p.factory = in.Factory
			}
			p.codecs = append(p.codecs, in.Codecs...)
			p.interceptors = append(p.interceptors, in.Interceptors...)
			p.calls = append(p.calls, in.Calls...)
			if p.tracers == nil {
				p.tracers = in.Tracers
			}
			if p.meters == nil {
				p.meters = in.Meters
			}
			p.codings = append(p.codings, in.Codings...)
			for name, resolver := range in.Resolvers {
				p.resolvers.Add(name, resolver, false)
			}
			p.errorDecoders = append(p.errorDecoders, in.ErrorDecoders...)
			return p
		}, container.Stereotype("post-processor"), container.OnMissingBean[*HttpClientBeanPostProcessor]())
	}}
}

type processorParameters struct {
	dig.In
	Factory       HttpClientFactory `optional:"true"`
	Codecs        []Codec
	Codings       []ContentCoding      `optional:"true"`
	Interceptors  []Interceptor        `optional:"true"`
	Calls         []CallInterceptor    `optional:"true"`
	Tracers       trace.TracerProvider `optional:"true"`
	Meters        metric.MeterProvider `optional:"true"`
	ErrorDecoders []ErrorDecoder       `optional:"true"`
	Resolvers     map[string]discovery.Resolver
}
