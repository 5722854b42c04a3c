// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ask sends one request to the service's handler.
func ask(s *server.Server, verb, path, body string, header ...string) *http.Response {
	r := httptest.NewRequest(verb, path, strings.NewReader(body))
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w.Result()
}

func decode[T any](t *testing.T, r *http.Response) (v T) {
	t.Helper()
	if err := json.NewDecoder(r.Body).Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTheDataFile(t *testing.T) {
	s := server.New()
	products := decode[[]server.Product](t, ask(s, "GET", "/products?size=100", ""))
	for page := "2"; len(products)%100 == 0; page = "3" {
		products = append(products, decode[[]server.Product](t, ask(s, "GET", "/products?size=100&page="+page, ""))...)
	}
	if len(products) < 200 {
		t.Errorf("%d products, want at least 200", len(products))
	}
	ids, names, categories := map[string]bool{}, map[string]bool{}, map[string]int{}
	for _, p := range products {
		if ids[p.ID] || names[p.Name] {
			t.Errorf("%s %q stands twice", p.ID, p.Name)
		}
		ids[p.ID], names[p.Name] = true, true
		categories[p.Category]++
		if p.InStock != (p.Quantity > 0) || p.PriceCents <= 0 || p.Currency != "EUR" || p.Description == "" || p.Rating < 0 || p.Rating > 5 {
			t.Errorf("%+v", p)
		}
	}
	if len(categories) != 8 {
		t.Errorf("categories %v", categories)
	}
}

func TestRoutes(t *testing.T) {
	const rake, chair = `{"name":"Test Rake","category":"garden","price_cents":100,"quantity":2}`, `{"name":"Office Chair","category":"office","price_cents":1}`
	for _, c := range []struct {
		verb, path, body string
		status           int
	}{
		{"GET", "/health", "", 200},
		{"GET", "/products", "", 200},
		{"GET", "/products?category=garden&in_stock=true&page=2&size=5", "", 200},
		{"GET", "/products?category=none", "", 200},
		{"GET", "/products?page=0", "", 400},
		{"GET", "/products?size=many", "", 400},
		{"GET", "/products?in_stock=perhaps", "", 400},
		{"GET", "/products/p-1001", "", 200},
		{"GET", "/products/p-1", "", 404},
		{"POST", "/products", rake, 201},
		{"POST", "/products", chair, 409},
		{"POST", "/products", "{", 400},
		{"POST", "/products", `{"price_cents":-1}`, 422},
		{"POST", "/products", `{"name":"` + strings.Repeat("x", 2<<20) + `"}`, 413},
		{"PUT", "/products/p-1001", rake, 200},
		{"PUT", "/products/p-1", rake, 404},
		{"PUT", "/products/p-1002", chair, 409},
		{"PATCH", "/products/p-1001", rake, 405},
		{"DELETE", "/products/p-1001", "", 204},
		{"DELETE", "/products/p-1", "", 404},
		{"POST", "/payments", `{"order_id":"o","amount_cents":5}`, 201},
		{"POST", "/payments", `{"order_id":"","amount_cents":5}`, 422},
		{"GET", "/payments/pay-1", "", 404},
		{"GET", "/faults", "", 200},
		{"PUT", "/faults", `{"mode":"odd"}`, 422},
		{"PUT", "/faults", `{"mode":"slow","delay":"x"}`, 422},
		{"PUT", "/faults", `{"mode":"fail","status":200}`, 422},
		{"GET", "/nowhere", "", 404},
	} {
		r := ask(server.New(), c.verb, c.path, c.body)
		if r.StatusCode != c.status {
			t.Errorf("%s %s: %d, want %d", c.verb, c.path, r.StatusCode, c.status)
		}
		isProblem := r.Header.Get("Content-Type") == "application/problem+json"
		if r.StatusCode >= 400 && !isProblem {
			t.Errorf("%s %s: the error is no problem detail", c.verb, c.path)
		}
	}
}

func TestPagesAndFilters(t *testing.T) {
	s := server.New()
	all := ask(s, "GET", "/products?category=garden&size=100", "")
	garden := decode[[]server.Product](t, all)
	second := ask(s, "GET", "/products?category=garden&size=10&page=2", "")
	if got := decode[[]server.Product](t, second); !slices.EqualFunc(got, garden[10:20], func(a, b server.Product) bool { return a.ID == b.ID }) {
		t.Errorf("the second page is %v", got)
	}
	if all.Header.Get("X-Total-Count") != second.Header.Get("X-Total-Count") {
		t.Error("the totals differ")
	}
	for _, p := range decode[[]server.Product](t, ask(s, "GET", "/products?in_stock=true&size=100", "")) {
		if !p.InStock {
			t.Errorf("%s is not in stock", p.ID)
		}
	}
}

func TestAPaymentIsExecutedOnceForItsKey(t *testing.T) {
	s := server.New()
	const body = `{"order_id":"o-1","amount_cents":100}`
	first := decode[server.Payment](t, ask(s, "POST", "/payments", body, "Idempotency-Key", "k"))
	again := ask(s, "POST", "/payments", body, "Idempotency-Key", "k")
	if got := decode[server.Payment](t, again); again.StatusCode != 200 || got != first || len(s.Payments()) != 1 {
		t.Errorf("status %d, %+v after %+v, %d executed", again.StatusCode, got, first, len(s.Payments()))
	}
	ask(s, "POST", "/payments", body)
	ask(s, "POST", "/payments", body)
	if len(s.Payments()) != 3 {
		t.Errorf("%d executed, want 3", len(s.Payments()))
	}
	if r := ask(s, "GET", "/payments/"+first.ID, ""); r.StatusCode != 200 {
		t.Errorf("status %d", r.StatusCode)
	}
}

func TestFaults(t *testing.T) {
	s := server.New()
	set := func(f server.Fault) {
		t.Helper()
		if err := s.SetFault(f); err != nil {
			t.Fatal(err)
		}
	}
	statuses := func(path string, n int) (got []int) {
		for range n {
			got = append(got, ask(s, "GET", path, "").StatusCode)
		}
		return got
	}
	set(server.Fault{Mode: "fail", Count: 2})
	if got := statuses("/products", 3); !slices.Equal(got, []int{503, 503, 200}) {
		t.Errorf("two failures: %v", got)
	}
	set(server.Fault{Mode: "fail", Status: 500, PathPrefix: "/payments", RetryAfterSeconds: 7})
	if got := statuses("/products", 1); got[0] != 200 {
		t.Errorf("another path: %v", got)
	}
	if r := ask(s, "GET", "/payments/x", ""); r.StatusCode != 500 || r.Header.Get("Retry-After") != "7" {
		t.Errorf("the path: %d, %v", r.StatusCode, r.Header)
	}
	set(server.Fault{Mode: "rate-limit", RetryAfterSeconds: 1})
	if r := ask(s, "GET", "/products", ""); r.StatusCode != 429 || r.Header.Get("Retry-After") != "1" {
		t.Errorf("rate limit: %d", r.StatusCode)
	}
	if r := ask(s, "GET", "/health", ""); r.StatusCode != 200 {
		t.Error("the health is affected")
	}
	set(server.Fault{Mode: "slow", Delay: "1ms"})
	if got := statuses("/products", 1); got[0] != 200 {
		t.Errorf("slow: %v", got)
	}
	if r := ask(s, "PUT", "/faults", `{"mode":"fail"}`); r.StatusCode != 204 {
		t.Errorf("over HTTP: %d", r.StatusCode)
	}
	if got := statuses("/products", 1); got[0] != 503 {
		t.Errorf("over HTTP: %v", got)
	}
	ask(s, "DELETE", "/faults", "")
	if got := statuses("/products", 1); got[0] != 200 {
		t.Errorf("mended: %v", got)
	}
}

func TestOverARealPort(t *testing.T) {
	ctx := t.Context()
	s := server.New()
	if err := s.Start(ctx); err != nil {
		t.Fatal(err)
	}
	defer http.DefaultClient.CloseIdleConnections()
	address := strings.TrimPrefix(s.URL(), "http://")
	if err := server.New(server.WithAddress(address)).Start(ctx); err == nil {
		t.Error("two services listen at one port")
	}
	if err := s.Start(ctx); err == nil {
		t.Error("it was started twice")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r, err := http.Get(s.URL() + "/products/p-1001")
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, r.Body)
			_ = r.Body.Close()
		})
	}
	wg.Wait()
	if err := s.SetFault(server.Fault{Mode: "drop"}); err != nil {
		t.Fatal(err)
	}
	if r, err := http.Get(s.URL() + "/products"); err == nil {
		_ = r.Body.Close()
		t.Error("the connection was not dropped")
	}
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("it still listens")
	}
	if err := s.Start(ctx); err != nil {
		t.Errorf("it cannot be started again: %v", err)
	}
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
}

func TestStopIsLimitedByItsContext(t *testing.T) {
	s := server.New()
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.SetFault(server.Fault{Mode: "slow", Delay: "1h"}); err != nil {
		t.Fatal(err)
	}
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		if r, err := http.Get(s.URL() + "/products"); err == nil {
			_ = r.Body.Close()
		}
	}()
	for ask(s, "GET", "/health", "").StatusCode != 200 {
		t.Fatal("unreachable")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	<-answered
}
