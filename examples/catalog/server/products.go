// SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
)

const (
	defaultPageSize = 20
	maxPageSize     = 100
	maxPage         = 1_000_000
)

// products is the inventory over HTTP.
type products struct{ *inventory }

func (p *products) routes() []route {
	return []route{
		{http.MethodGet, "/products", p.handleSearch},
		{http.MethodPost, "/products", p.handleCreate},
		{http.MethodGet, "/products/{id}", p.handleGet},
		{http.MethodPut, "/products/{id}", p.handleUpdate},
		{http.MethodDelete, "/products/{id}", p.handleRemove},
	}
}

// productQuery is the query of GET /products.
type productQuery struct {
	category   string // "" for all
	inStock    *bool  // nil for both
	page, size int
}

func (q productQuery) fits(p Product) bool {
	return (q.category == "" || p.Category == q.category) && (q.inStock == nil || p.InStock == *q.inStock)
}

// parseProductQuery parses the parameters of a search and ignores unknown ones.
func parseProductQuery(values url.Values) (productQuery, fieldErrors) {
	wrong := fieldErrors{}
	q := productQuery{category: values.Get("category")}
	q.page = number(values, "page", 1, maxPage, wrong)
	q.size = number(values, "size", defaultPageSize, maxPageSize, wrong)
	if text := values.Get("in_stock"); text != "" {
		inStock, err := strconv.ParseBool(text)
		wrong.require(err == nil, "in_stock", "be true or false")
		q.inStock = &inStock
	}
	return q, wrong
}

func number(values url.Values, name string, byDefault, most int, wrong fieldErrors) int {
	text := values.Get(name)
	if text == "" {
		return byDefault
	}
	n, err := strconv.Atoi(text)
	wrong.require(err == nil && n >= 1 && n <= most, name, fmt.Sprintf("be a whole number from 1 to %d", most))
	return n
}

// handleSearch writes one page of matching products, and their total number.
func (p *products) handleSearch(w http.ResponseWriter, r *http.Request) {
	q, wrong := parseProductQuery(r.URL.Query())
	if len(wrong) > 0 {
		writeFieldProblem(w, http.StatusBadRequest, "the query is not valid", wrong)
		return
	}
	page, total := p.search(q.fits, (q.page-1)*q.size, q.size)
	w.Header().Set("X-Total-Count", strconv.Itoa(total))
	writeJSON(w, http.StatusOK, page)
}

func (p *products) handleGet(w http.ResponseWriter, r *http.Request) {
	product, err := p.get(r.PathValue("id"))
	answerProduct(w, http.StatusOK, product, err)
}

func (p *products) handleCreate(w http.ResponseWriter, r *http.Request) {
	product, ok := readProduct(w, r)
	if !ok {
		return
	}
	product, err := p.create(product)
	if err == nil {
		w.Header().Set("Location", "/products/"+product.ID)
	}
	answerProduct(w, http.StatusCreated, product, err)
}

func (p *products) handleUpdate(w http.ResponseWriter, r *http.Request) {
	product, ok := readProduct(w, r)
	if !ok {
		return
	}
	product, err := p.update(r.PathValue("id"), product)
	answerProduct(w, http.StatusOK, product, err)
}

func (p *products) handleRemove(w http.ResponseWriter, r *http.Request) {
	if err := p.remove(r.PathValue("id")); err != nil {
		writeProductError(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func answerProduct(w http.ResponseWriter, status int, product Product, err error) {
	if err != nil {
		writeProductError(w, err)
		return
	}
	writeJSON(w, status, product)
}

func writeProductError(w http.ResponseWriter, err error) {
	status := http.StatusNotFound
	if errors.Is(err, errNameTaken) {
		status = http.StatusConflict
	}
	writeProblem(w, status, err.Error())
}

// readProduct reads the product in the body, or writes an error response.
// Whether it is in stock depends on its quantity.
func readProduct(w http.ResponseWriter, r *http.Request) (Product, bool) {
	var product Product
	if !readJSON(w, r, &product) {
		return Product{}, false
	}
	product.Currency = cmp.Or(product.Currency, "EUR")
	product.InStock = product.Quantity > 0
	if product.Tags == nil {
		product.Tags = []string{}
	}
	wrong := fieldErrors{}
	wrong.require(product.Name != "", "name", "not be empty")
	wrong.require(product.Category != "", "category", "not be empty")
	wrong.require(product.PriceCents >= 0, "price_cents", "not be negative")
	wrong.require(isCurrency(product.Currency), "currency", "be a code such as EUR")
	wrong.require(product.Quantity >= 0, "quantity", "not be negative")
	wrong.require(product.Rating >= 0 && product.Rating <= 5, "rating", "be from 0 to 5")
	if len(wrong) > 0 {
		writeFieldProblem(w, http.StatusUnprocessableEntity, "the product is not valid", wrong)
		return Product{}, false
	}
	return product, true
}
