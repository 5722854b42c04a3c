// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/resilience"
)

// traced is a context in a trace that comes from elsewhere.
func traced(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0x0a, 0xf7}, SpanID: trace.SpanID{0x07}, TraceFlags: trace.FlagsSampled,
	}))
}

const traceID = "0af70000000000000000000000000000"

func TestRecordsAndEventsOfACallHaveItsTraceID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		app := container.NewApplicationContext(
			container.WithLogOutput(&log),
			container.WithConfig(config.New(map[string]any{
				"pyfly.logging.level.root": "debug", "pyfly.client.circuit-breaker.failure-threshold": 2, "pyfly.client.retry.budget.ratio": 0,
			})))
		app.Install(client.Module(client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return newScript(t, status(500)), nil })))
		client.Register[guarded](app)
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		told := map[client.PolicyEventKind]string{}
		lifecycle.Subscribe(app.Events(), func(e client.PolicyEvent) { told[e.Kind] = e.TraceID })
		c := container.Must(container.Get[*guarded](app))
		for range 3 {
			_, _ = c.Get(traced(t.Context()))
		}
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		for _, kind := range []client.PolicyEventKind{client.EventRetryScheduled, client.EventRejected} {
			if told[kind] != traceID {
				t.Errorf("%s has the trace id %q", kind, told[kind])
			}
		}
		for _, message := range []string{"retrying a call", "call rejected"} {
			if ids := tracesOf(t, log.String(), message); ids == 0 {
				t.Errorf("%q is logged without a trace id:\n%s", message, log.String())
			}
		}
	})
}

// tracesOf counts the records of a message that have the trace id.
func tracesOf(t *testing.T, log, message string) (count int) {
	t.Helper()
	for line := range strings.Lines(log) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatal(err)
		}
		if record[slog.MessageKey] == message && record["trace_id"] == traceID {
			count++
		}
	}
	return count
}

func TestAnErrorThatEventsHaveToldStaysAsItIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		spent := map[string]any{"pyfly.client.retry.budget.ratio": 0, "pyfly.client.retry.budget.min-per-second": 0} // so that the first error is the last
		app := newApp(spent, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return newScript(t, status(503)), nil }))
		client.Register[guarded](app)
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		var told []error
		texts := map[error]string{}
		lifecycle.Subscribe(app.Events(), func(e client.PolicyEvent) {
			if e.Err != nil {
				told = append(told, e.Err)
				texts[e.Err] = fmt.Sprintf("%+v", e.Err)
			}
		})
		_, err := container.Must(container.Get[*guarded](app)).Get(t.Context())
		for _, of := range told {
			if of == err || fmt.Sprintf("%+v", of) != texts[of] {
				t.Errorf("%v is the call's own, or has changed", of)
			}
		}
		if len(told) == 0 {
			t.Error("nothing was told")
		}
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestOnlySickServicesMakeCallsUnavailable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(map[string]any{"pyfly.client.circuit-breaker.failure-threshold": 3, "pyfly.client.retry.max-attempts": 1},
			client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
				return newScript(t, status(404), status(200), status(503), status(503), status(503)), nil
			}))
		client.Register[guarded](app)
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := container.Must(container.Get[*guarded](app))
		for range 6 { // the last is refused by the circuit
			_, _ = c.Get(t.Context())
		}
		s := client.Stats(app)[0]
		if s.Calls != 6 || s.Failures != 5 || s.Unavailable != 4 || s.Rejected != 1 {
			t.Errorf("%+v", s)
		}
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

func TestThePolicyEventOfASlowCallHasItsDelayAsText(t *testing.T) {
	for d, want := range map[time.Duration]any{0: nil, 1500 * time.Millisecond: "1.5s", time.Hour: "1h0m0s"} {
		text, err := json.Marshal(client.PolicyEvent{Kind: client.EventSlowCall, Client: "shop", To: resilience.StateOpen, Delay: d})
		require.NoError(t, err)
		var read map[string]any
		require.NoError(t, json.Unmarshal(text, &read))
		assert.Equal(t, want, read["delay"])
		assert.Equal(t, "slow-call", read["kind"])
		assert.Equal(t, "open", read["to"])
	}
}
