// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

const scopeName = "github.com/pyfly-go/pyfly/client/httpcache"

// metrics are what caches are measured by. A nil metrics does nothing.
type metrics struct{ requests metric.Int64Counter }

// newMetrics makes the instrument, or returns nil if there is no provider, or it
// cannot make one.
func newMetrics(provider metric.MeterProvider, logger *slog.Logger) *metrics {
	if provider == nil {
		return nil
	}
	m := &metrics{}
	err := usercode.Call(func() (err error) {
		m.requests, err = provider.Meter(scopeName).Int64Counter("pyfly.client.cache.requests",
			metric.WithUnit("{request}"), metric.WithDescription("Requests to caches of clients, by what has become of them."))
		return err
	})
	if err != nil || m.requests == nil {
		logger.Warn("the meter provider has not made the instrument of caches", "error", err)
		return nil
	}
	return m
}

func (m *metrics) count(client string, k kind) {
	if m != nil {
		m.requests.Add(context.Background(), 1, metric.WithAttributes(attribute.String("client", client), attribute.String("result", kindNames[k])))
	}
}
