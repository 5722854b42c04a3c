// SPDX-License-Identifier: Apache-2.0

package server

import (
	"errors"
	"fmt"
	"slices"
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
	InStock     bool     `json:"in_stock"` // whether Quantity is above 0
	Quantity    int      `json:"quantity"`
	Rating      float64  `json:"rating"` // 0 to 5
	Tags        []string `json:"tags"`
}

var (
	errNoSuchProduct = errors.New("there is no such product")
	errNameTaken     = errors.New("there is a product of that name already")
)

// inventory holds the products. Its methods are safe for concurrent use.
type inventory struct {
	mu     sync.RWMutex
	list   []Product // in the order of their ids
	nextID int
}

// newInventory reads the products of a data file. Their ids are p-1001 and so
// on.
func newInventory(data []byte) (*inventory, error) {
	list, err := parseProducts(data)
	return &inventory{list: list, nextID: 1001 + len(list)}, err
}

// search returns at most limit matching products after the first offset, and
// the total number of matches.
func (i *inventory) search(fits func(Product) bool, offset, limit int) (page []Product, total int) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	page = []Product{}
	for _, product := range i.list {
		if !fits(product) {
			continue
		}
		if total >= offset && len(page) < limit {
			page = append(page, product)
		}
		total++
	}
	return page, total
}

func (i *inventory) get(id string) (Product, error) {
	i.mu.RLock()
	defer i.mu.RUnlock()
	at := i.indexOf(id)
	if at < 0 {
		return Product{}, errNoSuchProduct
	}
	return i.list[at], nil
}

// create adds a product under a new id.
func (i *inventory) create(product Product) (Product, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.isTaken(product.Name, "") {
		return Product{}, errNameTaken
	}
	product.ID = fmt.Sprintf("p-%d", i.nextID)
	i.nextID++
	i.list = append(i.list, product)
	return product, nil
}

// update replaces the product of that id.
func (i *inventory) update(id string, product Product) (Product, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	at := i.indexOf(id)
	if at < 0 {
		return Product{}, errNoSuchProduct
	}
	if i.isTaken(product.Name, id) {
		return Product{}, errNameTaken
	}
	product.ID = id
	i.list[at] = product
	return product, nil
}

func (i *inventory) remove(id string) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	at := i.indexOf(id)
	if at < 0 {
		return errNoSuchProduct
	}
	i.list = slices.Delete(i.list, at, at+1)
	return nil
}

func (i *inventory) indexOf(id string) int {
	return slices.IndexFunc(i.list, func(p Product) bool { return p.ID == id })
}

func (i *inventory) isTaken(name, exceptID string) bool {
	return slices.ContainsFunc(i.list, func(p Product) bool { return p.Name == name && p.ID != exceptID })
}
