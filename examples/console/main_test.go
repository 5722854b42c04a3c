// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/examples/catalog/server"
	"github.com/pyfly-go/pyfly/examples/internal/screen"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// TestMain is the program itself when a test asks for that, to send it signals.
func TestMain(m *testing.M) {
	if os.Getenv("CONSOLE_RUN_MAIN") != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// quick are settings with which a phase of a second is enough.
func quick(t *testing.T) {
	t.Helper()
	t.Setenv("PYFLY_CLIENT_SERVICES_PAYMENT_CLIENT_CIRCUIT_BREAKER_RECOVERY_TIMEOUT", "200ms")
	t.Setenv("PYFLY_CLIENT_SERVICES_PAYMENT_CLIENT_RETRY_BASE_DELAY", "10ms")
}

func TestThePhasesMakeTheCircuitOpenAndClose(t *testing.T) {
	quick(t)
	out := &screen.Screen{}
	if err := run(t.Context(), []string{"-port", "0", "-once", "-phase", "1s"}, out); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want := regexp.MustCompile(`(?s)^\d:\d\d  the console:  http://127\.0\.0\.1:\d+/actuator/console
\d:\d\d  its token:    [A-Z2-7]{26}  .*
\d:\d\d  all is well
\d:\d\d  the payment service fails.*
\d:\d\d     the circuit payment-client: closed -> open
.*\d:\d\d  payments work again.*
\d:\d\d     the circuit payment-client: half-open -> closed
.*\d:\d\d  all works again.*
\d:\d\d  the end
$`)
	if !want.MatchString(out.String()) {
		t.Errorf("it printed\n%s", out)
	}
}

func TestEachKindOfEventOccurs(t *testing.T) {
	quick(t)
	service := server.New()
	if err := service.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = service.Stop(context.Background()) }()
	cfg, err := config.Load(config.File("pyfly.yaml"), config.Map(map[string]any{
		"catalog.service-url": service.URL(), "pyfly.actuator.port": 0,
	}))
	if err != nil {
		t.Fatal(err)
	}
	app := newApplication(cfg, io.Discard)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(context.Background()) }()
	var mu sync.Mutex
	seen := map[client.PolicyEventKind]int{}
	lifecycle.Subscribe(app.Events(), func(e client.PolicyEvent) {
		mu.Lock()
		defer mu.Unlock()
		seen[e.Kind]++
	})
	if err := newShow(app, service, io.Discard).play(t.Context(), options{phase: 1e9, once: true, callsPerSecond: 80}); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, kind := range []client.PolicyEventKind{
		client.EventStateChanged, client.EventRejected, client.EventRetryScheduled, client.EventBudgetExhausted,
		client.EventHedgeStarted, client.EventHedgeWon, client.EventSlowCall, client.EventStaleAnswer,
	} {
		if seen[kind] == 0 {
			t.Errorf("there was no event of the kind %s: %v", kind, seen)
		}
	}
}

func TestAShopThatDoesNotSellIsDegraded(t *testing.T) {
	s := &Sales{}
	s.note(nil)
	for range lostForDegraded - 1 {
		s.note(io.EOF)
	}
	if got := s.Health(t.Context()).Status; got != lifecycle.HealthUp {
		t.Errorf("after a few lost orders it is %s", got)
	}
	s.note(io.EOF)
	if got := s.Health(t.Context()); got.Status != lifecycle.HealthDegraded || got.Details["reason"] == nil {
		t.Errorf("after %d lost orders it is %v", lostForDegraded, got)
	}
	s.note(nil)
	if got := s.Health(t.Context()).Status; got != lifecycle.HealthUp {
		t.Errorf("after a sale it is %s", got)
	}
}

func TestCtrlCEndsItCleanly(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-port", "0")
	cmd.Env = append(os.Environ(), "CONSOLE_RUN_MAIN=1")
	out := &screen.Screen{When: "all is well"}
	out.Then = func() { _ = cmd.Process.Signal(os.Interrupt) }
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil || !strings.HasSuffix(out.String(), "the end\n") {
		t.Errorf("ended with %v: %s", err, out)
	}
}

// TestInterruptedAtAnyMoment looks, with goleak, whether something stays behind.
func TestInterruptedAtAnyMoment(t *testing.T) {
	quick(t)
	for _, moment := range []string{"the console", "all is well", "closed -> open", "products are slow", "come back"} {
		t.Run(moment, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			out := &screen.Screen{When: moment, Then: cancel}
			if err := run(ctx, []string{"-port", "0", "-once", "-phase", "300ms", "-calls-per-second", "200"}, out); err != nil {
				t.Errorf("ended with %v: %s", err, out)
			}
		})
	}
}

func TestWhatIsWrongIsReported(t *testing.T) {
	for name, args := range map[string][]string{
		"there is no such flag":      {"-ports", "1"},
		"there is no such file":      {"-config", "nowhere.yaml"},
		"a phase takes no time":      {"-phase", "0s"},
		"there are too many calls":   {"-calls-per-second", "100000"},
		"there is no such port":      {"-port", "70000"},
		"the port is not a number":   {"-port", "http"},
		"negative numbers of people": {"-calls-per-second", "-1"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(t.Context(), args, io.Discard); err == nil {
				t.Error("nothing is reported")
			}
		})
	}
	if err := run(t.Context(), []string{"-help"}, io.Discard); err != nil {
		t.Errorf("help is no error: %v", err)
	}
}

func TestMetricsAndSpansAreSentByOTLP(t *testing.T) {
	quick(t)
	var mu sync.Mutex
	sent := map[string]int{}
	collector := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		sent[r.URL.Path]++
	}))
	defer collector.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.URL)
	if err := run(t.Context(), []string{"-port", "0", "-once", "-phase", "100ms", "-otlp"}, io.Discard); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if sent["/v1/metrics"] == 0 || sent["/v1/traces"] == 0 {
		t.Errorf("sent were %v", sent)
	}
}

func TestThePortIsTaken(t *testing.T) {
	quick(t)
	out := &screen.Screen{When: "all is well"}
	out.Then = func() {
		port := regexp.MustCompile(`127\.0\.0\.1:(\d+)`).FindStringSubmatch(out.String())[1]
		err := run(t.Context(), []string{"-port", port}, io.Discard)
		var report *container.StartupError
		if !errors.As(err, &report) || !errors.Is(err, kernel.ErrConfig) || !strings.Contains(err.Error(), port) {
			t.Errorf("it is reported as %v", err)
		}
	}
	if err := run(t.Context(), []string{"-port", "0", "-once", "-phase", "100ms"}, out); err != nil {
		t.Error(err)
	}
}
