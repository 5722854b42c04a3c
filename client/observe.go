// SPDX-License-Identifier: Apache-2.0

package client

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/registry"
	"github.com/pyfly-go/pyfly/client/internal/telemetry"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/resilience"
)

// counters count what a client has done besides calls, which its gates count: a
// call that succeeds writes none of them.
type counters struct {
	failures        atomic.Int64
	unavailable     atomic.Int64
	retries         atomic.Int64
	rejected        atomic.Int64
	budgetExhausted atomic.Int64
	hedges          atomic.Int64
	hedgesWon       atomic.Int64
	slowCalls       atomic.Int64
	staleAnswers    atomic.Int64
}

// ClientStats are the counters of one client since it was wired.
type ClientStats struct {
	Client   string `json:"client"`  // "payment-client"
	BaseURL  string `json:"baseUrl"` // without secrets
	InFlight int64  `json:"inFlight"`

	Calls           int64 `json:"calls"`       // begun
	Failures        int64 `json:"failures"`    // that ended in an error, whatever it was, streams that broke included
	Unavailable     int64 `json:"unavailable"` // of them, those in which the service failed, or was taken to
	Retries         int64 `json:"retries"`
	Rejected        int64 `json:"rejected"` // by circuit breaker, bulkhead, rate limit, adaptive limit
	BudgetExhausted int64 `json:"budgetExhausted"`
	Hedges          int64 `json:"hedges"`
	HedgesWon       int64 `json:"hedgesWon"`
	SlowCalls       int64 `json:"slowCalls"`
	StaleAnswers    int64 `json:"staleAnswers"`

	CircuitBreakers []resilience.CircuitBreakerSnapshot `json:"circuitBreakers"` // by name
	Bulkhead        *resilience.BulkheadSnapshot        `json:"bulkhead,omitempty"`
	Cache           *CacheStats                         `json:"cache,omitempty"` // of a [CacheReporter]; only from [Stats] and [Clients]

	// Instances are those of the service, by address. It is empty without
	// discovery, and before the first answer.
	Instances []InstanceStats `json:"instances,omitempty"`
}

// InstanceStats are what a client knows of one instance of its service.
type InstanceStats struct {
	Address  string        `json:"address"`
	Weight   int           `json:"weight,omitempty"`
	Zone     string        `json:"zone,omitempty"`
	State    string        `json:"state"` // "up"; "ejected"; "failing": too many fail to eject it; "left": it has gone and has requests in flight
	InFlight int           `json:"inFlight"`
	Requests uint64        `json:"requests"`
	Share    float64       `json:"share"`   // of all requests since the usable instances last changed
	Latency  time.Duration `json:"latency"` // a moving average that follows peaks; 0: not known

	// Since is when the instance was ejected, or began to fail, Until when it is
	// tried again, and Reason its last failure. They are zero if it is up.
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero"`
	Reason string    `json:"reason,omitempty"`
}

// Stats returns the counters of all clients of an application, by name. It is
// empty if the application has no [HttpClientBeanPostProcessor], or has not
// started.
func Stats(app *container.ApplicationContext) []ClientStats {
	p, err := container.Get[*HttpClientBeanPostProcessor](app)
	if err != nil {
		return nil
	}
	stats, reporters := p.Stats(), caches(app)
	for i := range stats {
		stats[i].addCache(reporters)
	}
	return stats
}

// Stats returns the counters of all clients that the processor has wired, by
// name.
func (p *HttpClientBeanPostProcessor) Stats() []ClientStats {
	p.mu.Lock()
	clients := slices.Clone(p.clients)
	p.mu.Unlock()
	stats := make([]ClientStats, 0, len(clients))
	for _, l := range clients {
		stats = append(stats, l.stats())
	}
	slices.SortFunc(stats, func(a, b ClientStats) int { return cmp.Compare(a.Client, b.Client) })
	return stats
}

func (l *live) stats() ClientStats {
	c, g := &l.counters, l.current()
	s := ClientStats{
		Client: g.Name, BaseURL: g.With.secrets.URL(g.With.shownBaseURL, "", ""),
		Failures: c.failures.Load(), Unavailable: c.unavailable.Load(), Retries: c.retries.Load(), Rejected: c.rejected.Load(),
		BudgetExhausted: c.budgetExhausted.Load(), Hedges: c.hedges.Load(), HedgesWon: c.hedgesWon.Load(),
		SlowCalls: c.slowCalls.Load(), StaleAnswers: c.staleAnswers.Load(),
	}
	s.Calls, s.InFlight = l.engines.Count()
	policies := l.policies.Snapshot()
	for _, b := range policies.Breakers {
		s.CircuitBreakers = append(s.CircuitBreakers, b.Snapshot())
	}
	if policies.Bulkhead != nil {
		snapshot := policies.Bulkhead.Snapshot()
		s.Bulkhead = &snapshot
	}
	if instances := g.With.instances; instances != nil {
		s.Instances = statsOf(instances.Snapshot())
	}
	return s
}

func statsOf(snapshot balance.Snapshot) []InstanceStats {
	stats := make([]InstanceStats, 0, len(snapshot.Instances))
	for _, i := range snapshot.Instances {
		stats = append(stats, InstanceStats{
			Address: i.Instance.Address, Weight: i.Instance.Weight, Zone: i.Instance.Zone, State: string(i.State),
			InFlight: i.InFlight, Requests: i.Picks, Share: i.Share, Latency: i.Latency,
			Since: i.Since, Until: i.Until, Reason: i.Reason,
		})
	}
	return stats
}

// publish publishes an event and logs it, in the context of the call if that is
// known.
func (l *live) publish(ctx context.Context, level slog.Level, message string, event PolicyEvent) {
	p := l.processor
	event.Client, event.At = l.declaration.Name, time.Now()
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		event.TraceID = span.TraceID().String()
	}
	if p.events != nil {
		lifecycle.Publish(p.events, event)
	}
	logger := p.log()
	if !logger.Enabled(ctx, level) {
		return
	}
	args := []any{"client", event.Client}
	if event.Method != "" {
		args = append(args, "method", event.Method)
	}
	if event.Kind == EventStateChanged {
		args = append(args, "from", event.From, "to", event.To)
	}
	if event.Attempt > 0 {
		args = append(args, "attempt", event.Attempt)
	}
	if event.Delay > 0 {
		args = append(args, "delay", event.Delay)
	}
	if event.Err != nil {
		args = append(args, "cause", event.Err)
	}
	logger.Log(ctx, level, message, args...)
}

// hooks publish what the policies of a method do.
func (l *live) hooks(op *engine.Operation) registry.Hooks {
	return registry.Hooks{
		OnStateChange: l.onStateChange, OnSlowCall: l.onSlowCall, OnStale: l.onStale(op), OnHedge: l.onHedge(op), OnHedgeWon: l.onHedgeWon(op), OnRetry: l.onRetry(op),
		OnBudgetExhausted: func(ctx context.Context, attempt int, err error) { l.onBudgetExhausted(ctx, op, attempt, err) },
	}
}

func (l *live) onStateChange(change resilience.StateChange) {
	l.telemetry().Changed(l.declaration.Name, change.Name, change.To.String())
	level := slog.LevelInfo
	if change.To == resilience.StateOpen || change.To == resilience.StateForcedOpen {
		level = slog.LevelWarn
	}
	l.publish(context.Background(), level, "circuit breaker changed state", PolicyEvent{Kind: EventStateChanged, Name: change.Name, From: change.From, To: change.To})
}

// telemetry is nil if there is none, or no engine yet.
func (l *live) telemetry() *telemetry.Telemetry {
	g := l.current()
	if g == nil {
		return nil
	}
	return g.With.telemetry
}

// count adds one to a counter of a method.
func count(op *engine.Operation, counter telemetry.Counter) {
	if o, ok := op.Observer.(*observed); ok {
		o.Count(counter)
	}
}

func (l *live) onSlowCall(took time.Duration) {
	l.counters.slowCalls.Add(1)
	l.telemetry().SlowCall(l.declaration.Name)
	l.publish(context.Background(), slog.LevelInfo, "slow call", PolicyEvent{Kind: EventSlowCall, Delay: took})
}

func (l *live) onRetry(op *engine.Operation) func(resilience.RetryEvent) {
	return func(e resilience.RetryEvent) {
		l.counters.retries.Add(1)
		count(op, telemetry.Retries)
		l.publish(e.Context, slog.LevelWarn, "retrying a call", PolicyEvent{
			Kind: EventRetryScheduled, Method: op.Method, Attempt: e.Attempt, Delay: e.Delay, Err: engine.Describe(e.Err),
		})
	}
}

func (l *live) onBudgetExhausted(ctx context.Context, op *engine.Operation, attempt int, err error) {
	l.counters.budgetExhausted.Add(1)
	count(op, telemetry.BudgetExhausted)
	l.publish(ctx, slog.LevelWarn, "no retry: the budget is spent", PolicyEvent{
		Kind: EventBudgetExhausted, Method: op.Method, Attempt: attempt, Err: engine.Describe(err),
	})
}

func (l *live) onHedge(op *engine.Operation) func(int, time.Duration) {
	return func(attempt int, after time.Duration) {
		l.counters.hedges.Add(1)
		count(op, telemetry.Hedges)
		l.publish(context.Background(), slog.LevelDebug, "hedging a call", PolicyEvent{Kind: EventHedgeStarted, Method: op.Method, Attempt: attempt, Delay: after})
	}
}

func (l *live) onHedgeWon(op *engine.Operation) func(int) {
	return func(attempt int) {
		l.counters.hedgesWon.Add(1)
		count(op, telemetry.HedgeWins)
		l.publish(context.Background(), slog.LevelDebug, "a hedge was faster", PolicyEvent{Kind: EventHedgeWon, Method: op.Method, Attempt: attempt})
	}
}

func (l *live) onStale(op *engine.Operation) func(time.Duration, error) {
	return func(age time.Duration, cause error) {
		l.counters.staleAnswers.Add(1)
		count(op, telemetry.StaleResponses)
		l.publish(context.Background(), slog.LevelWarn, "answering with an old answer", PolicyEvent{
			Kind: EventStaleAnswer, Method: op.Method, Delay: age, Err: engine.Describe(cause),
		})
	}
}

// ended counts the end of a call that failed, or of a stream that broke.
func (l *live) ended(ctx context.Context, op *engine.Operation, o *engine.Outcome) {
	l.counters.failures.Add(1)
	if engine.IsUnavailable(o) {
		l.counters.unavailable.Add(1)
	}
	if engine.IsRejection(o) {
		l.counters.rejected.Add(1)
		l.publish(ctx, slog.LevelDebug, "call rejected", PolicyEvent{Kind: EventRejected, Method: op.Method, Err: o.Described})
	}
}
