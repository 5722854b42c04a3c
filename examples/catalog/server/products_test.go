// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"slices"
	"testing"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

const (
	rake  = `{"name":"Test Rake","category":"garden","price_cents":100,"quantity":2}`
	chair = `{"name":"Office Chair","category":"office","price_cents":1}`
)

func ids(products []server.Product) (list []string) {
	for _, p := range products {
		list = append(list, p.ID)
	}
	return list
}

func TestPagesFollowEachOther(t *testing.T) {
	s := server.New()
	all := ids(decode[[]server.Product](t, ask(s, "GET", "/products?category=garden&size=100", "")))
	for _, c := range []struct {
		query string
		want  []string
	}{
		{"", all[:20]},
		{"&page=1&size=10", all[:10]},
		{"&page=2&size=10", all[10:20]},
		{"&page=2", all[20:30]},
		{"&page=5&size=7", all[28:]},
		{"&page=6&size=7", nil},
		{"&page=1000000&size=100", nil},
		{"&sort=name&unknown=1&size=1", all[:1]},
	} {
		r := ask(s, "GET", "/products?category=garden"+c.query, "")
		if got := ids(decode[[]server.Product](t, r)); !slices.Equal(got, c.want) {
			t.Errorf("%q: %v, want %v", c.query, got, c.want)
		}
		if got := r.Header.Get("X-Total-Count"); got != "30" {
			t.Errorf("%q: X-Total-Count %q, want 30", c.query, got)
		}
	}
}

func TestAnEmptyPageIsAnEmptyArray(t *testing.T) {
	products := decode[[]server.Product](t, ask(server.New(), "GET", "/products?category=none", ""))
	if products == nil || len(products) != 0 {
		t.Errorf("got %v, want []", products)
	}
}

func TestInStockFiltersByItsValue(t *testing.T) {
	s := server.New()
	total := 0
	for _, c := range []struct {
		value string
		want  bool
	}{{"true", true}, {"false", false}} {
		products := decode[[]server.Product](t, ask(s, "GET", "/products?category=tools&size=100&in_stock="+c.value, ""))
		for _, p := range products {
			if p.InStock != c.want || p.Category != "tools" {
				t.Errorf("in_stock=%s gives %+v", c.value, p)
			}
		}
		if len(products) == 0 {
			t.Errorf("in_stock=%s gives nothing", c.value)
		}
		total += len(products)
	}
	if total != 30 {
		t.Errorf("%d in stock or not, want 30", total)
	}
}

func TestTheLifeOfAProduct(t *testing.T) {
	s := server.New()
	r := ask(s, "POST", "/products", rake)
	wantStatus(t, r, 201)
	created := decode[server.Product](t, r)
	if created.ID != "p-1241" || !created.InStock || created.Currency != "EUR" || created.Tags == nil {
		t.Errorf("created %+v", created)
	}
	path := r.Header.Get("Location")
	if path != "/products/p-1241" {
		t.Fatalf("Location %q", path)
	}

	r = ask(s, "PUT", path, `{"id":"p-1","name":"Test Rake","category":"garden","price_cents":90,"tags":["rake"]}`)
	wantStatus(t, r, 200)
	changed := decode[server.Product](t, ask(s, "GET", path, ""))
	if changed.ID != created.ID || changed.PriceCents != 90 || changed.InStock || !slices.Equal(changed.Tags, []string{"rake"}) {
		t.Errorf("changed to %+v", changed)
	}

	wantStatus(t, ask(s, "DELETE", path, ""), 204)
	wantStatus(t, ask(s, "GET", path, ""), 404)
	if again := decode[server.Product](t, ask(s, "POST", "/products", rake)); again.ID != "p-1242" {
		t.Errorf("the id %s was given before", again.ID)
	}
}

func TestServicesShareNothing(t *testing.T) {
	one, other := server.New(), server.New()
	wantStatus(t, ask(one, "DELETE", "/products/p-1001", ""), 204)
	wantStatus(t, ask(other, "GET", "/products/p-1001", ""), 200)
}
