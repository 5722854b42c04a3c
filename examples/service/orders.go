// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/kernel"
)

// InventoryClient calls the inventory service.
type InventoryClient struct {
	client.ServiceClient `url:"http://inventory:8080" retry:"3" retry-base-delay:"50ms"`

	GetStock func(ctx context.Context, productID string) (Stock, error)       `get:"/stock/{product_id}"`
	Reserve  func(ctx context.Context, body Reservation) (Reservation, error) `post:"/reservations" idempotent:"true"`
}

// Stock is the number of items of a product.
type Stock struct {
	ProductID string `json:"product_id"`
	Quantity  int    `json:"quantity"`
}

// Reservation reserves items of a product. The inventory assigns the ID.
type Reservation struct {
	ID        string `json:"id,omitempty"`
	ProductID string `json:"product_id"`
	Quantity  int    `json:"quantity"`
}

// Order is an order of a customer.
type Order struct {
	ProductID     string `json:"product_id"`
	Quantity      int    `json:"quantity"`
	ReservationID string `json:"reservation_id,omitempty"`
}

// Orders accepts orders for products in stock.
type Orders struct {
	inventory *InventoryClient
	log       *slog.Logger
}

// NewOrders is the constructor that the application context calls.
func NewOrders(inventory *InventoryClient, log *slog.Logger) *Orders {
	return &Orders{inventory, log}
}

// Handler serves GET /products/{id} and POST /orders.
func (o *Orders) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", o.getProduct)
	mux.HandleFunc("POST /orders", o.createOrder)
	return mux
}

func (o *Orders) getProduct(w http.ResponseWriter, r *http.Request) {
	stock, err := o.inventory.GetStock(r.Context(), r.PathValue("id"))
	o.answer(w, r, http.StatusOK, stock, err)
}

func (o *Orders) createOrder(w http.ResponseWriter, r *http.Request) {
	var order Order
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<20)).Decode(&order); err != nil || order.Quantity < 1 {
		http.Error(w, "the body must be an order with a product_id and a quantity", http.StatusBadRequest)
		return
	}
	reserved, err := o.inventory.Reserve(r.Context(), Reservation{ProductID: order.ProductID, Quantity: order.Quantity})
	order.ReservationID = reserved.ID
	o.answer(w, r, http.StatusCreated, order, err)
}

// answer writes a value as JSON, or the status for an error of the inventory.
func (o *Orders) answer(w http.ResponseWriter, r *http.Request, status int, value any, err error) {
	if err != nil {
		o.log.WarnContext(r.Context(), "the inventory did not help", "error", err)
		status = statusOf(err)
		http.Error(w, http.StatusText(status), status)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // an error means that the caller has gone
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, client.ErrNotFound):
		return http.StatusNotFound
	case errors.Is(err, client.ErrConflict):
		return http.StatusConflict
	case errors.Is(err, kernel.ErrCircuitOpen):
		return http.StatusServiceUnavailable
	case errors.Is(err, context.DeadlineExceeded):
		return http.StatusGatewayTimeout
	}
	return http.StatusBadGateway
}
