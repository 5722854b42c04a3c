// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
)

// Payment is a charge that was executed.
type Payment struct {
	ID          string `json:"id"`
	OrderID     string `json:"order_id"`
	AmountCents int    `json:"amount_cents"`
	Currency    string `json:"currency"`
	Status      string `json:"status"`
}

type payments struct {
	mu    sync.Mutex
	list  []Payment
	byKey map[string]int // index of the payment made for an Idempotency-Key
}

func newPayments() *payments { return &payments{byKey: map[string]int{}} }

func (p *payments) register(mux *http.ServeMux) {
	mux.HandleFunc("POST /payments", p.create)
	mux.HandleFunc("GET /payments/{id}", p.get)
}

// create executes a payment, once for each Idempotency-Key.
func (p *payments) create(w http.ResponseWriter, r *http.Request) {
	var payment Payment
	if !readJSON(w, r, &payment) {
		return
	}
	if payment.OrderID == "" || payment.AmountCents <= 0 {
		writeProblemWith(w, http.StatusUnprocessableEntity, "the payment is not valid",
			map[string]string{"order_id": "must not be empty", "amount_cents": "must be positive"})
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	key := r.Header.Get("Idempotency-Key")
	if i, repeated := p.byKey[key]; repeated && key != "" {
		writeJSON(w, http.StatusOK, p.list[i])
		return
	}
	payment.ID = fmt.Sprintf("pay-%d", len(p.list)+1)
	payment.Status = "captured"
	payment.Currency = first(payment.Currency, "EUR")
	p.byKey[key] = len(p.list)
	p.list = append(p.list, payment)
	w.Header().Set("Location", "/payments/"+payment.ID)
	writeJSON(w, http.StatusCreated, payment)
}

func (p *payments) get(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	for _, payment := range p.all() {
		if payment.ID == id {
			writeJSON(w, http.StatusOK, payment)
			return
		}
	}
	writeProblem(w, http.StatusNotFound, "there is no payment "+id)
}

func (p *payments) all() []Payment {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.list)
}
