// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/examples/catalog/server"
	"github.com/pyfly-go/pyfly/examples/catalog/shop"
	"github.com/pyfly-go/pyfly/examples/internal/screen"
	"github.com/pyfly-go/pyfly/kernel"
)

// TestMain is the program itself when a test asks for that, to see its exit
// code and to send it signals.
func TestMain(m *testing.M) {
	if os.Getenv("CATALOG_RUN_MAIN") != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

// program prepares the example as a process of its own.
func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "CATALOG_RUN_MAIN=1")
	return cmd
}

func TestTheExitCode(t *testing.T) {
	out, err := program(t, "-config", "nowhere.yaml").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(out), "nowhere.yaml") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestCtrlC(t *testing.T) {
	cmd := program(t)
	out := &screen.Screen{When: "attempt 1 failed"}
	out.Then = func() { _ = cmd.Process.Signal(os.Interrupt) }
	cmd.Stdout, cmd.Stderr = out, out
	var exit *exec.ExitError
	if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("ended with %v", err)
	}
	for _, want := range []string{"application context stopped: 6 beans", "interrupted"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output does not say %q:\n%s", want, out)
		}
	}
}

func TestTheDemoShowsWhatItPromises(t *testing.T) {
	out := &screen.Screen{}
	if err := run(t.Context(), nil, out); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := out.String()
	for _, want := range []string{
		`(?s)httpClientBeanPostProcessor.*inventoryClient.*paymentClient.*catalogService.*needs inventoryClient, paymentClient`,
		`5 of \d+ products in stock in garden`,
		`created  p-\d+ .* at 34\.90 EUR`, `changed  p-\d+  now at 29\.90 EUR`, `deleted  p-\d+`,
		`payment pay-1 of order-1 is captured`,
		`attempt 1 failed, the next one in 100ms`, `attempt 2 failed, the next one in 200ms`,
		`order-2 failed after 3 attempts in \d+ms: status 503`,
		`circuit  closed -> open`,
		`rejected in \d+(\.\d+)?µs: circuit breaker "payment-client" is open`,
		`circuit  open -> half-open`, `circuit  half-open -> closed`,
		`payment pay-2 of order-99 is captured`,
		`application context stopped: 6 beans`, `make console`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("the output does not match %s:\n%s", want, text)
		}
	}
}

func TestAgainstAServiceThatIsRunningAlready(t *testing.T) {
	service := server.New()
	if err := service.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = service.Stop(context.Background()) }()
	out := &screen.Screen{}
	if err := run(t.Context(), []string{"-base-url", service.URL()}, out); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(out.String(), "listens at") {
		t.Error("an embedded service was started all the same")
	}
	orders := map[string]int{}
	for _, p := range service.Payments() {
		orders[p.OrderID]++
	}
	if len(orders) != 2 || orders["order-1"] != 1 || orders["order-99"] != 1 {
		t.Errorf("executed payments: %v", orders)
	}
}

// TestInterruptedAtAnyMoment cancels the demo at several points; nothing may
// be left running, which goleak checks.
func TestInterruptedAtAnyMoment(t *testing.T) {
	for _, moment := range []string{"listens at", "Beans, in start order", "A payment", "attempt 1 failed", "waiting"} {
		t.Run(moment, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			out := &screen.Screen{When: moment, Then: cancel}
			if err := run(ctx, nil, out); err == nil {
				t.Errorf("it was not interrupted:\n%s", out)
			}
		})
	}
}

func TestWhatIsWrongIsReported(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pyfly.yaml")
	text := "pyfly:\n  client:\n    default:\n      timeout: soon\n    circuit-breaker:\n      failure-threshold: -1\n" +
		"    services:\n      payment-client:\n        base-url: \"http:///\"\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	err := run(t.Context(), []string{"-config", file}, io.Discard)
	var report *container.StartupError
	if !errors.As(err, &report) || !errors.Is(err, kernel.ErrConfig) {
		t.Fatal(err)
	}
	for _, want := range []string{"pyfly.yaml:4: pyfly.client.default.timeout", "pyfly.yaml:6: pyfly.client.circuit-breaker.failure-threshold",
		"pyfly.yaml:9: pyfly.client.services.payment-client.base-url", "InventoryClient has no base URL"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the report does not say %q:\n%v", want, err)
		}
	}
	if err := run(t.Context(), []string{"-config", "nowhere.yaml"}, io.Discard); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestTheServiceWithFakeClients(t *testing.T) {
	var asked shop.Payment
	s := shop.NewCatalogService(&shop.InventoryClient{}, &shop.PaymentClient{
		Charge: func(_ context.Context, p shop.Payment) (shop.Payment, error) { asked = p; return p, nil },
	}, &shop.CatalogProperties{PageSize: 3})
	if _, err := s.Buy(t.Context(), "o-1", shop.Product{PriceCents: 5, Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	if want := (shop.Payment{OrderID: "o-1", AmountCents: 5, Currency: "EUR"}); asked != want {
		t.Errorf("charged %+v", asked)
	}
}

func TestTheDeclarationsAreRight(t *testing.T) {
	for name, err := range map[string]error{
		"InventoryClient": client.Describe[shop.InventoryClient]().Err(),
		"PaymentClient":   client.Describe[shop.PaymentClient]().Err(),
		"FaultClient":     client.Describe[shop.FaultClient]().Err(),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	app := newApplication(config.New(map[string]any{"pyfly.client.services.inventory-client.base-url": "http://x"}), slog.New(slog.DiscardHandler))
	if got := len(app.Beans()); got != 6 {
		t.Errorf("%d beans, want 6", got)
	}
}

func TestTheInterfaceDeclaresWhatTheStructDoes(t *testing.T) {
	byInterface, byStruct := shop.DescribeInventory(), client.Describe[shop.InventoryClient]()
	if err := byInterface.Err(); err != nil {
		t.Fatal(err)
	}
	for i, want := range byStruct.Methods {
		got := byInterface.Methods[i]
		if got.Name != want.Name || got.Verb != want.Verb || len(got.Parameters) != len(want.Parameters) || got.Result != want.Result {
			t.Errorf("%+v, want %+v", got, want)
		}
		for j, p := range want.Parameters {
			if got.Parameters[j].Name != p.Name || got.Parameters[j].In != p.In {
				t.Errorf("%s: %+v, want %+v", got.Name, got.Parameters[j], p)
			}
		}
	}
}

func TestTheInterfaceCallsTheServer(t *testing.T) {
	service := server.New()
	if err := service.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = service.Stop(context.Background()) }()
	app := container.NewApplicationContext(
		container.WithLogger(slog.New(slog.DiscardHandler)),
		container.WithConfig(config.New(map[string]any{"pyfly.client.services.inventory.base-url": service.URL()})))
	app.Install(client.Module())
	shop.RegisterInventory(app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(context.Background()) }()
	inventory := container.Must(container.Get[shop.Inventory](app))
	page, err := inventory.SearchProducts(t.Context(), "garden", true, 1, 2)
	if err != nil || len(page.Body) != 2 {
		t.Fatalf("%+v, %v", page, err)
	}
	product, err := inventory.GetProduct(t.Context(), page.Body[0].ID)
	if err != nil || product.Name != page.Body[0].Name {
		t.Errorf("%+v, %v", product, err)
	}
	if _, err := inventory.GetProduct(t.Context(), "none"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("a product that does not exist: %v", err)
	}
}

func TestTheGraphInTheGuideIsUpToDate(t *testing.T) {
	var drawn, dot strings.Builder
	if err := run(t.Context(), []string{"-graph", "mermaid"}, &drawn); err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../docs/catalog-graph.mmd")
	if err != nil {
		t.Fatal(err)
	}
	if drawn.String() != string(guide) {
		t.Errorf("docs/catalog-graph.mmd has\n%s\nbut it is\n%s", guide, drawn.String())
	}
	if err := run(t.Context(), []string{"-graph", "dot"}, &dot); err != nil || !strings.HasPrefix(dot.String(), "digraph") {
		t.Errorf("%v: %s", err, dot.String())
	}
	if err := run(t.Context(), []string{"-graph", "svg"}, &dot); err == nil {
		t.Error("an unknown format was accepted")
	}
}
