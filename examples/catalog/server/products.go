// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
)

// Product is an article of the inventory.
type Product struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Category    string   `json:"category"`
	Description string   `json:"description"`
	PriceCents  int      `json:"price_cents"`
	Currency    string   `json:"currency"`
	InStock     bool     `json:"in_stock"`
	Quantity    int      `json:"quantity"`
	Rating      float64  `json:"rating"`
	Tags        []string `json:"tags"`
}

type products struct {
	mu     sync.RWMutex
	list   []Product // in the order of their ids
	nextID int
}

func newProducts() *products {
	p := &products{list: loadProducts()}
	p.nextID = 1001 + len(p.list)
	return p
}

func (p *products) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /products", p.search)
	mux.HandleFunc("POST /products", p.create)
	mux.HandleFunc("GET /products/{id}", p.get)
	mux.HandleFunc("PUT /products/{id}", p.update)
	mux.HandleFunc("DELETE /products/{id}", p.remove)
}

// search answers with one page of what fits, and with the number of all.
func (p *products) search(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	page, errPage := number(query, "page", 1)
	size, errSize := number(query, "size", 20)
	inStock, errStock := strconv.ParseBool(first(query.Get("in_stock"), "false"))
	if errPage != nil || errSize != nil || errStock != nil || size > 100 {
		writeProblem(w, http.StatusBadRequest, "page and size are numbers from 1, size at most 100, in_stock is true or false")
		return
	}
	category := query.Get("category")
	p.mu.RLock()
	var fitting []Product
	for _, product := range p.list {
		if (category == "" || product.Category == category) && (!inStock || product.InStock) {
			fitting = append(fitting, product)
		}
	}
	p.mu.RUnlock()
	from := min((page-1)*size, len(fitting))
	w.Header().Set("X-Total-Count", strconv.Itoa(len(fitting)))
	writeJSON(w, http.StatusOK, append([]Product{}, fitting[from:min(from+size, len(fitting))]...))
}

func number(query url.Values, name string, byDefault int) (int, error) {
	n, err := strconv.Atoi(first(query.Get(name), strconv.Itoa(byDefault)))
	if err == nil && (n < 1 || n > 1_000_000) {
		err = fmt.Errorf("%s is out of range", name)
	}
	return n, err
}

func first(value, byDefault string) string {
	if value == "" {
		return byDefault
	}
	return value
}

func (p *products) get(w http.ResponseWriter, r *http.Request) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if i := p.indexOf(r.PathValue("id")); i >= 0 {
		writeJSON(w, http.StatusOK, p.list[i])
		return
	}
	noSuchProduct(w, r)
}

func noSuchProduct(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, http.StatusNotFound, "there is no product "+r.PathValue("id"))
}

func (p *products) create(w http.ResponseWriter, r *http.Request) {
	var product Product
	if !readJSON(w, r, &product) || !p.isValid(w, &product) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.isTaken(product.Name, "") {
		writeProblem(w, http.StatusConflict, "there is a product of that name already")
		return
	}
	product.ID = fmt.Sprintf("p-%d", p.nextID)
	p.nextID++
	p.list = append(p.list, product)
	w.Header().Set("Location", "/products/"+product.ID)
	writeJSON(w, http.StatusCreated, product)
}

func (p *products) update(w http.ResponseWriter, r *http.Request) {
	var product Product
	if !readJSON(w, r, &product) || !p.isValid(w, &product) {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.indexOf(r.PathValue("id"))
	switch {
	case i < 0:
		noSuchProduct(w, r)
	case p.isTaken(product.Name, p.list[i].ID):
		writeProblem(w, http.StatusConflict, "there is a product of that name already")
	default:
		product.ID = p.list[i].ID
		p.list[i] = product
		writeJSON(w, http.StatusOK, product)
	}
}

func (p *products) remove(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := p.indexOf(r.PathValue("id"))
	if i < 0 {
		noSuchProduct(w, r)
		return
	}
	p.list = slices.Delete(p.list, i, i+1)
	w.WriteHeader(http.StatusNoContent)
}

// isValid answers with what is wrong with a product.
func (p *products) isValid(w http.ResponseWriter, product *Product) bool {
	fields := map[string]string{}
	if product.Name == "" {
		fields["name"] = "must not be empty"
	}
	if product.Category == "" {
		fields["category"] = "must not be empty"
	}
	if product.PriceCents < 0 {
		fields["price_cents"] = "must not be negative"
	}
	if product.Quantity < 0 {
		fields["quantity"] = "must not be negative"
	}
	product.Currency = first(product.Currency, "EUR")
	product.InStock = product.Quantity > 0
	if len(fields) > 0 {
		writeProblemWith(w, http.StatusUnprocessableEntity, "the product is not valid", fields)
	}
	return len(fields) == 0
}

func (p *products) indexOf(id string) int {
	return slices.IndexFunc(p.list, func(product Product) bool { return product.ID == id })
}

func (p *products) isTaken(name, exceptID string) bool {
	return slices.ContainsFunc(p.list, func(product Product) bool { return product.Name == name && product.ID != exceptID })
}
