// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

type anyClient struct {
	client.ServiceClient `retry:"3" retry-base-delay:"0s" failure-threshold:"1000"`

	Get func(ctx context.Context, what string) (string, error) `get:"/{what}"`
}

// Each moves some of the instruments.
type (
	fineClient     anyClient
	retryClient    anyClient
	budgetClient   anyClient
	openClient     anyClient
	rateClient     anyClient
	bulkheadClient anyClient
	adaptiveClient anyClient
	hedgeClient    anyClient
	slowClient     anyClient
	staleClient    anyClient
	goneClient     anyClient // its service is gone
)

// trafficSettings are those of the clients, below their name.
var trafficSettings = map[string]any{
	"budget-client.retry.budget.min-per-second":      0,
	"budget-client.retry.budget.ratio":               0.01,
	"open-client.circuit-breaker.failure-threshold":  1,
	"open-client.circuit-breaker.recovery-timeout":   "1h",
	"rate-client.rate-limit.per-second":              0.001,
	"rate-client.rate-limit.burst":                   1,
	"bulkhead-client.bulkhead.max-concurrent":        1,
	"bulkhead-client.bulkhead.max-queue":             0,
	"adaptive-client.adaptive-limit.initial-limit":   1,
	"adaptive-client.adaptive-limit.min-limit":       1,
	"adaptive-client.adaptive-limit.max-limit":       1,
	"hedge-client.hedge.delay":                       "5ms",
	"slow-client.circuit-breaker.sliding-window":     "count",
	"slow-client.circuit-breaker.slow-call-rate":     1,
	"slow-client.circuit-breaker.slow-call-duration": "1ns",
	"stale-client.stale-if-error":                    "1h",
	"stale-client.retry.enabled":                     false,
	"fine-client.headers.X-Of":                       "the tests",
	"fine-client.circuit-breaker.failure-threshold":  5,
	"retry-client.circuit-breaker.enabled":           false,
	"retry-client.retry.budget.min-per-second":       1000,
	"budget-client.circuit-breaker.enabled":          false,
	"hedge-client.retry.budget.min-per-second":       1000,
}

// traffic is an application whose clients have met everything that is counted.
type traffic struct {
	url   string
	calls int // of fine-client
}

// trafficService answers by what it is asked for.
type trafficService struct {
	hedged, stale   atomic.Int32
	arrived, finish chan struct{} // of a call that takes its time
}

func (s *trafficService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain")
	switch what := strings.TrimPrefix(r.URL.Path, "/"); what {
	case "sick":
		w.WriteHeader(http.StatusServiceUnavailable)
	case "long":
		s.arrived <- struct{}{}
		<-s.finish
	case "hedged":
		if s.hedged.Add(1) == 1 {
			<-r.Context().Done() // the hedge wins
		}
	case "stale":
		if s.stale.Add(1) > 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	_, _ = fmt.Fprint(w, "some")
}

// startTraffic runs the application, makes the calls, and keeps it running.
func startTraffic(t *testing.T, opts ...option) *traffic {
	t.Helper()
	handler := &trafficService{arrived: make(chan struct{}), finish: make(chan struct{})}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	for _, add := range []func(*container.ApplicationContext, ...container.BeanOption){
		client.Register[fineClient], client.Register[retryClient], client.Register[budgetClient], client.Register[openClient], client.Register[rateClient],
		client.Register[bulkheadClient], client.Register[adaptiveClient], client.Register[hedgeClient], client.Register[slowClient], client.Register[staleClient], client.Register[goneClient],
	} {
		opts = append(opts, withClient(add))
	}
	for _, name := range []string{"fine", "retry", "budget", "open", "rate", "bulkhead", "adaptive", "hedge", "slow", "stale"} {
		opts = append(opts, set("pyfly.client.services."+name+"-client.base-url", server.URL))
	}
	opts = append(opts, set("pyfly.client.services.gone-client.base-url", "http://127.0.0.1:1"))
	for key, value := range trafficSettings {
		opts = append(opts, set("pyfly.client.services."+key, value))
	}
	app := startApplication(t, opts...)
	a := app.ApplicationContext
	tr := &traffic{url: app.url, calls: 7}
	repeat(t, container.Must(container.Get[*fineClient](a)).Get, "fine", tr.calls)
	repeat(t, container.Must(container.Get[*retryClient](a)).Get, "sick", 2)
	repeat(t, container.Must(container.Get[*budgetClient](a)).Get, "sick", 2)
	repeat(t, container.Must(container.Get[*openClient](a)).Get, "sick", 3)
	repeat(t, container.Must(container.Get[*rateClient](a)).Get, "fine", 3)
	handler.crowd(t, container.Must(container.Get[*bulkheadClient](a)).Get)
	handler.crowd(t, container.Must(container.Get[*adaptiveClient](a)).Get)
	repeat(t, container.Must(container.Get[*hedgeClient](a)).Get, "hedged", 1)
	repeat(t, container.Must(container.Get[*slowClient](a)).Get, "fine", 1)
	repeat(t, container.Must(container.Get[*staleClient](a)).Get, "stale", 2)
	repeat(t, container.Must(container.Get[*goneClient](a)).Get, "fine", 1)
	return tr
}

type get func(ctx context.Context, what string) (string, error)

func repeat(t *testing.T, call get, what string, times int) {
	t.Helper()
	for range times {
		_, _ = call(t.Context(), what)
	}
}

// crowd makes a call while another is under way.
func (s *trafficService) crowd(t *testing.T, call get) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = call(t.Context(), "long") })
	<-s.arrived
	if _, err := call(t.Context(), "fine"); err == nil {
		t.Error("a second call at the same time was let through")
	}
	s.finish <- struct{}{}
	wg.Wait()
}
