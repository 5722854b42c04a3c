// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	oteltrace "go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/resilience"
)

// recover checks that a client works again when everything around it does: no
// circuit is stuck, no limiter in debt, no place in a bulkhead lost.
func (w *World) recover(ctx context.Context, shop *Shop) {
	w.healthy.Store(true)
	w.judgeRecoveryOfLimiter(ctx, shop)
	w.judgeProbes()
	w.sleep(3 * time.Minute) // connections, circuits and budgets of before are gone
	w.judgeStatistics()
	op := probing(shop)
	last := w.versions[len(w.versions)-1]
	for i := range 6 {
		c := w.newCall(fmt.Sprintf("p0-%d", i), op)
		c.tenant = "tenant-0"
		c.make(ctx)
		if c.err != nil && !c.fellBack {
			w.find(w.stuck("does-not-recover"), "call %d of a client whose service is well: %v", i, c.err)
			break
		}
		if c.fellBack {
			w.find(w.stuck("does-not-recover"), "call %d of a client whose service is well got the fallback", i)
			break
		}
		w.sleep(time.Second)
	}
	w.judgePolling(ctx, shop)
	n := max(1, last.concurrent)
	if last.values[services+"shop.methods.get.bulkhead.max-concurrent"] != nil {
		n = 1
	}
	all := group{}
	for i := range n {
		c := w.newCall(fmt.Sprintf("p1-%d", i), op)
		c.tenant = "tenant-0"
		all.run(func() {
			w.sleep(w.draw("side by side", i).offset())
			if last.perSecond > 0 {
				w.sleep(time.Duration(i) * time.Second)
			}
			c.make(ctx)
		})
	}
	if !all.wait(patience) {
		w.find("does-not-recover", "%d calls side by side do not end", n)
	}
}

// probing calls the client as plainly as can be.
func probing(shop *Shop) *operation {
	return &operation{name: "get", verb: http.MethodGet, reads: true, run: func(c *call, ctx context.Context) error {
		return keep(c)(shop.Get(ctx, c.id, nil))
	}}
}

// judgeRecoveryOfLimiter checks that a rate limiter admits calls as soon as there
// are turns again.
func (w *World) judgeRecoveryOfLimiter(ctx context.Context, shop *Shop) {
	last := w.versions[len(w.versions)-1]
	if last.perSecond == 0 {
		return
	}
	w.sleep(time.Duration(float64(last.burst)/last.perSecond*float64(time.Second)) + slack)
	c := w.newCall("p2-0", probing(shop))
	c.tenant = "tenant-0"
	c.make(ctx)
	if errors.Is(c.err, resilience.ErrRateLimitReached) {
		w.find("rate-limit-in-debt", "%s after the last call a limiter of %.0f calls a second refuses one", slack, last.perSecond)
	}
}

// judgeProbes checks that circuits admit a probe when their time has come and no
// call is under way: none of the probes before may have kept its place.
func (w *World) judgeProbes() {
	w.sleep(time.Second + slack)
	breakers := client.CircuitBreakers(w.app)
	for _, name := range slices.Sorted(mapKeys(breakers)) {
		permit, err := breakers[name].Acquire()
		if err != nil {
			w.find(w.stuck("probe-lost"), "no call is under way, and yet: %v", err)
			continue
		}
		permit.Ignore()
	}
}

// stuck is the kind of a finding about a client that does not work again: a circuit
// that a reload may have locked is one of its own.
func (w *World) stuck(kind string) string {
	if w.has("breaker.probes") && len(w.versions) > 1 {
		return "circuit-locked-by-a-reload"
	}
	return kind
}

// judgeStatistics compares what the client says of itself with what callers saw.
func (w *World) judgeStatistics() {
	for _, stats := range client.Stats(w.app) {
		if stats.Client != "shop" {
			continue
		}
		if stats.InFlight != 0 {
			w.find("in-flight-left", "%d calls are in flight after the last has ended", stats.InFlight)
		}
		if b := stats.Bulkhead; b != nil && (b.Active != 0 || b.Waiting != 0) {
			w.find("bulkhead-place-lost", "%d active and %d waiting after the last has ended", b.Active, b.Waiting)
		}
		last := w.versions[len(w.versions)-1]
		if !last.hasBreaker && len(stats.CircuitBreakers) > 0 && len(w.versions) > 1 {
			w.find("removed-policy-lives", "the circuit breaker is off, statistics show %d", len(stats.CircuitBreakers))
		}
		if last.concurrent == 0 && stats.Bulkhead != nil && last.values[services+"shop.methods.get.bulkhead.max-concurrent"] == nil {
			w.find("removed-policy-lives", "the bulkhead is off, statistics show one")
		}
		w.judgeCounts(stats)
	}
}

// judgeCounts counts the calls that callers made.
func (w *World) judgeCounts(stats client.ClientStats) {
	calls, failures, unclear, unavailable, broken := int64(0), int64(0), int64(0), int64(0), int64(0)
	for _, c := range w.calls {
		if strings.HasPrefix(c.op.name, "plain") || c.op.name == "pipeline" {
			continue
		}
		if c.op.name == "again" || c.ended == 0 || c.panicked != nil || c.exited || c.blocks {
			unclear += 1000
			continue
		}
		if c.op.name == "pages" {
			calls, failures, unavailable = calls+int64(c.made), failures+int64(c.failed), unavailable+int64(c.failed)
			continue
		}
		var e *client.Error
		if errors.Is(c.err, client.ErrInvalidRequest) && errors.As(c.err, &e) && e.Attempts == 0 {
			calls, failures = calls+1, failures+1 // it could not be sent
			continue
		}
		calls++
		switch {
		case c.fellBack:
			failures++
			unavailable++
		case errors.Is(c.err, client.ErrNotModified):
		case c.err != nil:
			if c.isBrokenStream() {
				broken++
			} else {
				failures++
			}
			if !errors.Is(c.err, errReader) && !(c.cancels && c.ended >= c.limit) {
				unavailable++
			}
		}
	}
	if unclear > 0 {
		return
	}
	if stats.Calls != calls {
		w.find("calls-miscounted", "statistics say %d calls, callers made %d", stats.Calls, calls)
	}
	if stats.Failures != failures && stats.Failures != failures+broken || stats.Failures != failures+broken && broken > 0 {
		kind := "failures-miscounted"
		if stats.Failures == failures {
			kind = "broken-streams-not-counted"
		}
		w.find(kind, "statistics say %d failures, callers saw %d and %d broken streams", stats.Failures, failures, broken)
	}
	if stats.Unavailable > unavailable {
		w.find("callers-fault-counted", "statistics say that the service failed in %d calls, at most %d are its own fault", stats.Unavailable, unavailable)
	}
	w.judgeEvents(stats)
	if w.telemetry != nil {
		w.measure(stats, broken)
	}
}

// isBrokenStream reports whether a stream failed after its headers.
func (c *call) isBrokenStream() bool {
	var e *client.Error
	return c.op.streams && (c.opened || errors.As(c.err, &e) && e.Status/100 == 2)
}

// judgeEvents compares statistics with events.
func (w *World) judgeEvents(stats client.ClientStats) {
	if w.has("code.listener-panics") {
		return
	}
	w.mu.Lock()
	events := maps.Clone(w.events)
	w.mu.Unlock()
	for message, kind := range map[string]string{
		"retrying a call": "retry-scheduled", "call rejected": "rejected", "hedging a call": "hedge-started", "a hedge was faster": "hedge-won",
		"slow call": "slow-call", "no retry: the budget is spent": "budget-exhausted", "answering with an old answer": "stale-answer",
	} {
		told := events["shop "+kind] + events["plain "+kind]
		if logged := events["log "+message]; logged != told {
			w.find("logs-miscounted", "%d records %q, %d events %s", logged, message, told, kind)
		}
	}
	for kind, counted := range map[string]int64{
		"retry-scheduled": stats.Retries, "budget-exhausted": stats.BudgetExhausted, "hedge-started": stats.Hedges, "hedge-won": stats.HedgesWon,
		"rejected": stats.Rejected, "slow-call": stats.SlowCalls, "stale-answer": stats.StaleAnswers,
	} {
		if told := int64(events["shop "+kind]); told != counted {
			w.find("events-miscounted", "%d events %s, statistics say %d", told, kind, counted)
		}
	}
}

// judgeTelemetry compares metrics and spans with what callers saw.
func (w *World) judgeTelemetry() {
	if w.telemetry == nil {
		return
	}
	w.shown("a span", w.telemetry.text())
}

// measure compares metrics with statistics, while the application runs. Metrics of
// a stream end with its headers.
func (w *World) measure(stats client.ClientStats, broken int64) {
	sums, text, err := w.telemetry.collect("shop")
	if err != nil {
		w.find("metrics-fail", "%v", err)
		return
	}
	w.shown("a metric", text)
	for name, want := range map[string]int64{
		"pyfly.client.call.duration": stats.Calls, "pyfly.client.call.duration.failed": stats.Failures - broken, "pyfly.client.retries": stats.Retries,
		"pyfly.client.hedges": stats.Hedges, "pyfly.client.rejections": stats.Rejected, "pyfly.client.active_calls": stats.InFlight,
		"pyfly.client.stale_answers": stats.StaleAnswers,
	} {
		if sums[name] != want {
			w.find("metrics-miscounted", "%s is %d, statistics say %d", name, sums[name], want)
		}
	}
	spans, attempts := int64(0), int64(0)
	for _, span := range w.telemetry.spans.GetSpans() {
		switch {
		case strings.HasPrefix(span.Name, "shop."):
			spans++
		case span.SpanKind == oteltrace.SpanKindClient:
			attempts++
		}
	}
	if requests := sums["http.client.request.duration"]; requests != attempts {
		w.find("spans-miscounted", "%d spans of attempts, http.client.request.duration counts %d", attempts, requests)
	}
	if spans != stats.Calls {
		w.find("spans-miscounted", "%d spans of calls, statistics say %d calls", spans, stats.Calls)
	}
}
