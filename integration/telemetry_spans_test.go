// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/codes"
	metricnoop "go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
	"go.opentelemetry.io/otel/trace"
	tracenoop "go.opentelemetry.io/otel/trace/noop"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestEachCallHasASpanAndEachAttemptOneBelowIt(t *testing.T) {
	var headers []string
	o := observe(t, func(w http.ResponseWriter, r *http.Request) {
		headers = append(headers, r.Header.Get("Traceparent"))
		if len(headers) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}, nil)
	provider := sdktrace.NewTracerProvider()
	ctx, parent := provider.Tracer("caller").Start(t.Context(), "caller")
	if _, err := o.Get(ctx, "a b", url.Values{"token": {"sesame"}}); err != nil {
		t.Fatal(err)
	}
	calls, attempts := o.split()
	if len(calls) != 1 || len(attempts) != 2 {
		t.Fatalf("%d calls, %d attempts", len(calls), len(attempts))
	}
	call := calls[0]
	if call.SpanKind != trace.SpanKindInternal || call.Status.Code != codes.Unset || call.Parent.SpanID() != parent.SpanContext().SpanID() {
		t.Errorf("the call: %s, %v, below %s", call.SpanKind, call.Status, call.Parent.SpanID())
	}
	if a := attributesOf(call.Attributes); a["pyfly.client.name"] != "traced-client" || a["pyfly.client.method"] != "Get" {
		t.Errorf("the call: %v", a)
	}
	for i, attempt := range attempts {
		if attempt.Name != "GET /products/{id}" || attempt.SpanKind != trace.SpanKindClient || attempt.Parent.SpanID() != call.SpanContext.SpanID() {
			t.Errorf("attempt %d: %s, %s", i+1, attempt.Name, attempt.SpanKind)
		}
		if sc := attempt.SpanContext; headers[i] != "00-"+sc.TraceID().String()+"-"+sc.SpanID().String()+"-01" {
			t.Errorf("attempt %d sent %q", i+1, headers[i])
		}
		if attempt.InstrumentationScope.SchemaURL != semconv.SchemaURL {
			t.Errorf("the schema is %s", attempt.InstrumentationScope.SchemaURL)
		}
		a := attributesOf(attempt.Attributes)
		want := map[attribute.Key]string{
			semconv.HTTPRequestMethodKey: "GET", semconv.URLTemplateKey: "/products/{id}", semconv.ServerAddressKey: "127.0.0.1",
			semconv.NetworkProtocolVersionKey: "1.1",
		}
		for key, value := range want {
			if a[string(key)] != value {
				t.Errorf("attempt %d: %s is %q, want %q", i+1, key, a[string(key)], value)
			}
		}
		if port := a[string(semconv.ServerPortKey)]; !strings.HasSuffix(a[string(semconv.URLFullKey)], ":"+port+"/products/a%20b?token=******") {
			t.Errorf("attempt %d: %v", i+1, a)
		}
	}
	const codeKey, errorKey, resendKey = string(semconv.HTTPResponseStatusCodeKey), string(semconv.ErrorTypeKey), string(semconv.HTTPRequestResendCountKey)
	if a := attributesOf(attempts[0].Attributes); a[codeKey] != "503" || a[errorKey] != "503" || a[resendKey] != "" ||
		attempts[0].Status.Code != codes.Error || attempts[0].Status.Description != "" {
		t.Errorf("the first: %v, %v", a, attempts[0].Status)
	}
	if a := attributesOf(attempts[1].Attributes); a[codeKey] != "200" || a[errorKey] != "" || a[resendKey] != "1" || attempts[1].Status.Code != codes.Unset {
		t.Errorf("the second: %v, %v", a, attempts[1].Status)
	}
}

func TestHowACallEndsIsSeenInItsSpans(t *testing.T) {
	refused := func(*http.Request) (*http.Response, error) { return nil, context.DeadlineExceeded }
	answer := func(code int, body string) portFunc {
		return func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: code, ProtoMajor: 2, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{"Content-Type": {"application/json"}}}, nil
		}
	}
	tests := []struct {
		name              string
		port              portFunc
		attempt, call     string // error.type
		attemptCode, code codes.Code
	}{
		{"a status of 4xx", answer(404, ""), "404", "404", codes.Error, codes.Error},
		{"a redirect that is not followed", answer(302, ""), "", "302", codes.Unset, codes.Error},
		{"an answer that cannot be decoded", answer(200, "{"), "", "decode", codes.Unset, codes.Error},
		{"no answer in time", refused, "timeout", "timeout", codes.Error, codes.Error},
		{"success", answer(200, "1"), "", "", codes.Unset, codes.Unset},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			o := observe(t, status(200), map[string]any{"retry.enabled": false}, overPort(test.port))
			_, _ = o.Number(t.Context())
			calls, attempts := o.split()
			if len(calls) != 1 || len(attempts) != 1 {
				t.Fatalf("%d calls, %d attempts", len(calls), len(attempts))
			}
			if got := attributesOf(attempts[0].Attributes)["error.type"]; got != test.attempt || attempts[0].Status.Code != test.attemptCode {
				t.Errorf("the attempt: %q, %v", got, attempts[0].Status)
			}
			if got := attributesOf(calls[0].Attributes)["error.type"]; got != test.call || calls[0].Status.Code != test.code {
				t.Errorf("the call: %q, %v", got, calls[0].Status)
			}
		})
	}
}

func TestACallThatAnOpenCircuitRefusesHasNoAttempt(t *testing.T) {
	o := observe(t, status(500), nil)
	for range 2 {
		_, _ = o.Get(t.Context(), "1", nil)
	}
	o.spans.Reset()
	if _, err := o.Get(t.Context(), "1", nil); !errors.Is(err, kernel.ErrCircuitOpen) {
		t.Fatal(err)
	}
	calls, attempts := o.split()
	if len(calls) != 1 || len(attempts) != 0 || attributesOf(calls[0].Attributes)["error.type"] != "circuit_open" {
		t.Errorf("%v, %d attempts", calls, len(attempts))
	}
}

func TestAHedgeIsAnAttemptOfItsOwn(t *testing.T) {
	var requests atomic.Int32
	o := observe(t, func(_ http.ResponseWriter, r *http.Request) {
		if requests.Add(1) == 1 {
			<-r.Context().Done() // it is cancelled when the other has won
		}
	}, map[string]any{"hedge.delay": "1ms"})
	if _, err := o.Get(t.Context(), "1", nil); err != nil {
		t.Fatal(err)
	}
	o.stop(t)
	calls, attempts := o.split()
	if len(calls) != 1 || len(attempts) != 2 {
		t.Fatalf("%d calls, %d attempts", len(calls), len(attempts))
	}
	resent := map[string]string{}
	for _, attempt := range attempts {
		a := attributesOf(attempt.Attributes)
		resent[a["http.request.resend_count"]] = a["error.type"]
		if attempt.Parent.SpanID() != calls[0].SpanContext.SpanID() {
			t.Error("an attempt is not below the call")
		}
	}
	if resent[""] != "cancelled" || resent["1"] != "" || len(resent) != 2 {
		t.Errorf("the attempts: %v", resent)
	}
	if hedges, wins := o.sums(t, "pyfly.client.hedges", "method"), o.sums(t, "pyfly.client.hedge_wins", "method"); hedges["Get"] != 1 || wins["Get"] != 1 {
		t.Errorf("%v, %v", hedges, wins)
	}
}

func TestTheSpansOfAStreamEndWithTheHeaders(t *testing.T) {
	o := observe(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "words") }, nil)
	body, err := o.Watch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	calls, attempts := o.split()
	if len(calls) != 1 || len(attempts) != 1 || attributesOf(attempts[0].Attributes)["http.response.status_code"] != "200" {
		t.Errorf("%d calls, %v", len(calls), attempts)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsSentAlong(t *testing.T) {
	member, err := baggage.NewMember("tenant", "acme")
	if err != nil {
		t.Fatal(err)
	}
	bag, err := baggage.New(member)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name    string
		opts    []client.Option
		link    client.URL
		parent  bool // there is one
		baggage string
	}{
		{"trace context and baggage, if no propagator is set", nil, "", true, "tenant=acme"},
		{"no baggage to another host", nil, "http://files.example.com/1", true, ""},
		{"what the given propagator sends", []client.Option{w3c}, "", true, ""},
		{"nothing, by one that has no fields", []client.Option{client.WithPropagator(propagation.NewCompositeTextMapPropagator())}, "", false, ""},
		{"what the context has already, without tracers", []client.Option{client.WithTelemetry(tracenoop.NewTracerProvider(), metricnoop.NewMeterProvider())}, "", false, "tenant=acme"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var sent http.Header
			port := overPort(func(r *http.Request) (*http.Response, error) {
				sent = r.Header
				return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
			})
			o := observe(t, status(200), map[string]any{"allowed-hosts": []string{"files.example.com"}}, append(test.opts, port)...)
			if _, err := o.Follow(baggage.ContextWithBaggage(t.Context(), bag), test.link); err != nil {
				t.Fatal(err)
			}
			if hasParent := sent.Get("Traceparent") != ""; hasParent != test.parent || sent.Get("Baggage") != test.baggage {
				t.Errorf("it sent %v", sent)
			}
		})
	}
}

func TestOffSendsNothing(t *testing.T) {
	var sent http.Header
	o := &observed{}
	o.start(t, "http://stub.invalid", nil, overPort(func(r *http.Request) (*http.Response, error) {
		sent = r.Header
		return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
	}))
	ctx, _ := sdktrace.NewTracerProvider().Tracer("caller").Start(t.Context(), "caller")
	if _, err := o.Get(ctx, "1", nil); err != nil || sent.Get("Traceparent") != "" {
		t.Errorf("%v, %v", sent, err)
	}
}

// One decision for all: an attempt below a call that is not recorded has no span,
// and the call's context is sent, with the flag that says so.
func TestACallThatIsNotSampledSendsThatItIsNot(t *testing.T) {
	var sent string
	o := observe(t, func(_ http.ResponseWriter, r *http.Request) { sent = r.Header.Get("Traceparent") }, nil,
		client.WithTelemetry(sdktrace.NewTracerProvider(sdktrace.WithSampler(sdktrace.NeverSample())), metricnoop.NewMeterProvider()))
	if _, err := o.Get(t.Context(), "1", nil); err != nil || !strings.HasSuffix(sent, "-00") {
		t.Errorf("%q, %v", sent, err)
	}
}

// panicky is a provider whose tracers panic.
type panicky struct{ trace.TracerProvider }

func (p panicky) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	return panickyTracer{p.TracerProvider.Tracer(name, opts...)}
}

type panickyTracer struct{ trace.Tracer }

func (panickyTracer) Start(context.Context, string, ...trace.SpanStartOption) (context.Context, trace.Span) {
	panic("a tracer")
}

func TestAProviderThatPanicsDoesNotHangTheClient(t *testing.T) {
	o := observe(t, status(200), map[string]any{"bulkhead.max-concurrent": 1},
		client.WithTelemetry(panicky{sdktrace.NewTracerProvider()}, metricnoop.NewMeterProvider()))
	for range 2 {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_, _ = o.Get(t.Context(), "1", nil)
		}()
	}
	if stats := client.Stats(o.app); stats[0].InFlight != 0 {
		t.Errorf("%d calls are under way", stats[0].InFlight)
	}
}

func TestAPortThatPanicsLeavesNoOpenSpan(t *testing.T) {
	o := observe(t, status(200), nil, overPort(func(*http.Request) (*http.Response, error) { panic("a port") }))
	func() {
		defer func() { _ = recover() }()
		_, _ = o.Get(t.Context(), "1", nil)
	}()
	calls, attempts := o.split()
	if len(calls) != 1 || len(attempts) != 1 || attributesOf(attempts[0].Attributes)["error.type"] != "panic" || attributesOf(calls[0].Attributes)["error.type"] != "panic" {
		t.Errorf("%v, %v", calls, attempts)
	}
}

func TestSpansAreMadeByManyCallsAtOnce(t *testing.T) {
	o := observe(t, status(200), nil)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if _, err := o.Get(t.Context(), "1", nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if calls, attempts := o.split(); len(calls) != 50 || len(attempts) != 50 {
		t.Errorf("%d calls, %d attempts", len(calls), len(attempts))
	}
}
