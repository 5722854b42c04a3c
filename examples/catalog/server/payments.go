// SPDX-License-Identifier: Apache-2.0

package server

import (
	"cmp"
	"errors"
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
	Status      string `json:"status"` // "captured"
}

// isFor reports whether p matches another request for a payment.
func (p Payment) isFor(other Payment) bool {
	return p.OrderID == other.OrderID && p.AmountCents == other.AmountCents && p.Currency == other.Currency
}

var errKeyReused = errors.New("the Idempotency-Key was used for another payment")

// payments is the log of executed payments, and their part of the API. Its
// methods are safe for concurrent use.
type payments struct {
	mu    sync.Mutex
	list  []Payment
	byKey map[string]Payment // what was executed for an Idempotency-Key
}

func newPayments() *payments { return &payments{byKey: map[string]Payment{}} }

func (p *payments) routes() []route {
	return []route{
		{http.MethodPost, "/payments", p.handleCreate},
		{http.MethodGet, "/payments/{id}", p.handleGet},
	}
}

func (p *payments) handleCreate(w http.ResponseWriter, r *http.Request) {
	var payment Payment
	if !readJSON(w, r, &payment) {
		return
	}
	payment.Currency = cmp.Or(payment.Currency, "EUR")
	wrong := fieldErrors{}
	wrong.require(payment.OrderID != "", "order_id", "not be empty")
	wrong.require(payment.AmountCents > 0, "amount_cents", "be positive")
	wrong.require(isCurrency(payment.Currency), "currency", "be a code such as EUR")
	if len(wrong) > 0 {
		writeFieldProblem(w, http.StatusUnprocessableEntity, "the payment is not valid", wrong)
		return
	}
	executed, repeated, err := p.execute(payment, r.Header.Get("Idempotency-Key"))
	if err != nil {
		writeProblem(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	w.Header().Set("Location", "/payments/"+executed.ID)
	status := http.StatusCreated
	if repeated {
		status = http.StatusOK
	}
	writeJSON(w, status, executed)
}

// execute charges a payment, once for each non-empty key. Reusing a key for a
// different payment is an error, as in section 2.7 of
// draft-ietf-httpapi-idempotency-key-header.
func (p *payments) execute(payment Payment, key string) (executed Payment, repeated bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if earlier, found := p.byKey[key]; found {
		if !earlier.isFor(payment) {
			return Payment{}, false, errKeyReused
		}
		return earlier, true, nil
	}
	payment.ID = fmt.Sprintf("pay-%d", len(p.list)+1)
	payment.Status = "captured"
	p.list = append(p.list, payment)
	if key != "" {
		p.byKey[key] = payment
	}
	return payment, false, nil
}

func (p *payments) handleGet(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	all := p.all()
	at := slices.IndexFunc(all, func(payment Payment) bool { return payment.ID == id })
	if at < 0 {
		writeProblem(w, http.StatusNotFound, "there is no such payment")
		return
	}
	writeJSON(w, http.StatusOK, all[at])
}

func (p *payments) all() []Payment {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.list)
}
