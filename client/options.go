// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"log/slog"
	"net"
	"net/http"

	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/client/internal/registry"
	"github.com/pyfly-go/pyfly/config"
)

// Option configures [NewHttpClientBeanPostProcessor] and [Module].
type Option func(*HttpClientBeanPostProcessor)

// options are what a processor has been given.
type options struct {
	factory       HttpClientFactory // nil: NewNetHTTPAdapter
	codecs        []Codec
	interceptors  []Interceptor
	calls         []CallInterceptor
	errorDecoders []ErrorDecoder
	codings       []ContentCoding
	wrapTransport func(http.RoundTripper) http.RoundTripper
	dial          func(ctx context.Context, network, address string) (net.Conn, error)
	resolvers     registry.Resolvers
	config        *config.Config
	logger        *slog.Logger
	retryIf       func(*Error) bool
	tracers       trace.TracerProvider          // nil: no spans
	meters        metric.MeterProvider          // nil: no metrics
	propagator    propagation.TextMapPropagator // nil: the global one
}

// WithFactory makes ports by factory instead of [NewNetHTTPAdapter]. It wins
// over a bean of type [HttpClientFactory].
func WithFactory(factory HttpClientFactory) Option {
	return func(p *HttpClientBeanPostProcessor) { p.factory = factory }
}

// WithTransport puts something around the [http.Transport] of every net/http
// adapter: what is made for http.Client (instrumentation, recorders for tests)
// serves here too. It returns what it was given if it has nothing to do, and is
// called once for each client.
func WithTransport(wrap func(http.RoundTripper) http.RoundTripper) Option {
	return func(p *HttpClientBeanPostProcessor) { p.wrapTransport = wrap }
}

// WithDialContext makes the connections of every net/http adapter, those to
// authorization servers included, by dial instead of a [net.Dialer]: to reach
// services through a tunnel, or in a test through memory. network is "tcp" or
// "unix". The setting connect-timeout limits it. dial must be safe for concurrent
// use.
func WithDialContext(dial func(ctx context.Context, network, address string) (net.Conn, error)) Option {
	return func(p *HttpClientBeanPostProcessor) { p.dial = dial }
}

// WithRetryIf lets further errors be tried again: those for which retryIf
// returns true, of methods that may be repeated. It must be safe for concurrent
// use.
func WithRetryIf(retryIf func(*Error) bool) Option {
	return func(p *HttpClientBeanPostProcessor) { p.retryIf = retryIf }
}

// WithConfig reads the clients' settings from cfg instead of the application
// context's configuration.
func WithConfig(cfg *config.Config) Option {
	return func(p *HttpClientBeanPostProcessor) { p.config = cfg }
}

// WithLogger logs to logger instead of the application context's logger.
func WithLogger(logger *slog.Logger) Option {
	return func(p *HttpClientBeanPostProcessor) { p.logger = logger }
}
