// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"fmt"
	"math"
	"regexp"
	"testing"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

func allProducts(t *testing.T) []server.Product {
	t.Helper()
	s := server.New()
	var all []server.Product
	for page := 1; ; page++ {
		list := decode[[]server.Product](t, ask(s, "GET", fmt.Sprintf("/products?size=100&page=%d", page), ""))
		if len(list) == 0 {
			return all
		}
		all = append(all, list...)
	}
}

func TestTheDataFileHasManyProductsInEveryCategory(t *testing.T) {
	perCategory, outOfStock := map[string]int{}, 0
	for _, p := range allProducts(t) {
		perCategory[p.Category]++
		if !p.InStock {
			outOfStock++
		}
	}
	for _, category := range []string{"kitchen", "garden", "books", "audio", "outdoor", "office", "toys", "tools"} {
		if got := perCategory[category]; got != 30 {
			t.Errorf("%d products in %s, want 30", got, category)
		}
	}
	if len(perCategory) != 8 {
		t.Errorf("categories %v, want 8", perCategory)
	}
	if outOfStock < 10 || outOfStock > 60 {
		t.Errorf("%d products are out of stock: the filter has too little to show", outOfStock)
	}
}

func TestEveryProductOfTheDataFileIsSound(t *testing.T) {
	seen := map[string]string{}
	for i, p := range allProducts(t) {
		if want := fmt.Sprintf("p-%d", 1001+i); p.ID != want {
			t.Errorf("product %d has the id %s, want %s", i, p.ID, want)
		}
		for _, text := range []string{p.Name, p.Description} {
			if other, twice := seen[text]; twice {
				t.Errorf("%s and %s share %q", p.ID, other, text)
			}
			seen[text] = p.ID
		}
		if wrong := whatIsWrong(p); wrong != "" {
			t.Errorf("%s %q: %s", p.ID, p.Name, wrong)
		}
	}
}

var sentence = regexp.MustCompile(`^[A-Z].{10,}\.$`)

func whatIsWrong(p server.Product) string {
	switch {
	case p.Name == "" || !sentence.MatchString(p.Description):
		return "needs a name, and a sentence as its description"
	case p.PriceCents < 200 || p.PriceCents > 50_000 || p.Currency != "EUR":
		return fmt.Sprintf("%d %s is no plausible price", p.PriceCents, p.Currency)
	case p.Quantity < 0 || p.InStock != (p.Quantity > 0):
		return fmt.Sprintf("quantity %d, in stock %t", p.Quantity, p.InStock)
	case p.Rating < 0 || p.Rating > 5 || math.Abs(p.Rating*10-math.Round(p.Rating*10)) > 1e-9:
		return fmt.Sprintf("the rating %v is not 0 to 5 with one decimal", p.Rating)
	case len(p.Tags) == 0:
		return "has no tags"
	}
	return ""
}
