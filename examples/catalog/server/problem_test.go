// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

type problem struct {
	Type, Title, Detail string
	Status              int
	Errors              map[string]string
}

func TestErrorsAreProblemDetails(t *testing.T) {
	tooLarge := `{"name":"` + strings.Repeat("x", 1<<20) + `"}`
	for _, c := range []struct {
		method, path, body string
		status             int
		fields             []string
	}{
		{"GET", "/products?page=0", "", 400, []string{"page"}},
		{"GET", "/products?size=many&page=1.5", "", 400, []string{"page", "size"}},
		{"GET", "/products?size=101", "", 400, []string{"size"}},
		{"GET", "/products?page=99999999999999999999", "", 400, []string{"page"}},
		{"GET", "/products?in_stock=perhaps", "", 400, []string{"in_stock"}},
		{"GET", "/products/p-1", "", 404, nil},
		{"POST", "/products", chair, 409, nil},
		{"POST", "/products", "{", 400, nil},
		{"POST", "/products", "", 400, nil},
		{"POST", "/products", rake + rake, 400, nil},
		{"POST", "/products", `{"name":"x","price_cents":"cheap"}`, 400, []string{"price_cents"}},
		{"POST", "/products", `{"price_cents":-1,"quantity":-1,"rating":5.1,"currency":"eur"}`, 422,
			[]string{"category", "currency", "name", "price_cents", "quantity", "rating"}},
		{"POST", "/products", tooLarge, 413, nil},
		{"PUT", "/products/p-1", rake, 404, nil},
		{"PUT", "/products/p-1002", chair, 409, nil},
		{"PUT", "/products/p-1002", "{", 400, nil},
		{"DELETE", "/products/p-1", "", 404, nil},
		{"POST", "/payments", "[]", 400, nil},
		{"POST", "/payments", `{"order_id":"","amount_cents":5}`, 422, []string{"order_id"}},
		{"POST", "/payments", `{"order_id":"o","amount_cents":0,"currency":"EURO"}`, 422, []string{"amount_cents", "currency"}},
		{"GET", "/payments/pay-1", "", 404, nil},
		{"PUT", "/faults", "{", 400, nil},
		{"PUT", "/faults", tooLarge, 413, nil},
		{"PUT", "/faults", `{"mode":"odd"}`, 422, nil},
		{"GET", "/nowhere", "", 404, nil},
		{"GET", "/products/p-1001/reviews", "", 404, nil},
	} {
		r := ask(server.New(), c.method, c.path, c.body)
		name := c.method + " " + c.path + " " + c.body[:min(40, len(c.body))]
		if got := r.Header.Get("Content-Type"); got != "application/problem+json" {
			t.Errorf("%s: content type %q", name, got)
			continue
		}
		p := decode[problem](t, r)
		if r.StatusCode != c.status || p.Status != c.status || p.Type != "about:blank" || p.Title == "" || p.Detail == "" {
			t.Errorf("%s: status %d, want %d: %+v", name, r.StatusCode, c.status, p)
		}
		if got := slices.Sorted(maps.Keys(p.Errors)); !slices.Equal(got, c.fields) {
			t.Errorf("%s: fields %v, want %v", name, got, c.fields)
		}
	}
}

func TestAMethodThatAPathDoesNotHave(t *testing.T) {
	for path, allow := range map[string]string{
		"/products":        "GET, HEAD, POST",
		"/products/p-1001": "DELETE, GET, HEAD, PUT",
		"/payments":        "POST",
		"/payments/pay-1":  "GET, HEAD",
		"/faults":          "DELETE, GET, HEAD, PUT",
		"/health":          "GET, HEAD",
	} {
		r := ask(server.New(), "PATCH", path, "{}")
		wantStatus(t, r, 405)
		if got := r.Header.Get("Allow"); got != allow {
			t.Errorf("%s: Allow %q, want %q", path, got, allow)
		}
		if p := decode[problem](t, r); p.Status != 405 {
			t.Errorf("%s: %+v", path, p)
		}
	}
}

func TestHealth(t *testing.T) {
	r := ask(server.New(), "GET", "/health", "")
	wantStatus(t, r, 200)
	if got := decode[map[string]string](t, r)["status"]; got != "UP" {
		t.Errorf("status %q, want UP", got)
	}
}
