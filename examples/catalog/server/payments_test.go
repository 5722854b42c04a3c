// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"testing"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

const order = `{"order_id":"o-1","amount_cents":100}`

func TestAPaymentIsCaptured(t *testing.T) {
	s := server.New()
	r := ask(s, "POST", "/payments", `{"order_id":"o-1","amount_cents":100,"currency":"CHF","status":"refused"}`)
	wantStatus(t, r, 201)
	want := server.Payment{ID: "pay-1", OrderID: "o-1", AmountCents: 100, Currency: "CHF", Status: "captured"}
	if got := decode[server.Payment](t, r); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := decode[server.Payment](t, ask(s, "GET", r.Header.Get("Location"), "")); got != want {
		t.Errorf("later: %+v, want %+v", got, want)
	}
}

func TestAPaymentIsExecutedOnceForItsKey(t *testing.T) {
	s := server.New()
	r := ask(s, "POST", "/payments", order, "Idempotency-Key", "k")
	wantStatus(t, r, 201)
	first := decode[server.Payment](t, r)
	again := ask(s, "POST", "/payments", order, "Idempotency-Key", "k")
	wantStatus(t, again, 200)
	if got := decode[server.Payment](t, again); got != first || len(s.Payments()) != 1 {
		t.Errorf("%+v after %+v, %d executed", got, first, len(s.Payments()))
	}
	wantStatus(t, ask(s, "POST", "/payments", order, "Idempotency-Key", "k2"), 201)
	if got := len(s.Payments()); got != 2 {
		t.Errorf("%d executed, want 2", got)
	}
}

func TestAKeyIsForOnePaymentOnly(t *testing.T) {
	for _, other := range []string{
		`{"order_id":"o-2","amount_cents":100}`,
		`{"order_id":"o-1","amount_cents":200}`,
		`{"order_id":"o-1","amount_cents":100,"currency":"USD"}`,
	} {
		s := server.New()
		wantStatus(t, ask(s, "POST", "/payments", order, "Idempotency-Key", "k"), 201)
		wantStatus(t, ask(s, "POST", "/payments", other, "Idempotency-Key", "k"), 422)
		if got := len(s.Payments()); got != 1 {
			t.Errorf("%s: %d executed, want 1", other, got)
		}
	}
}

func TestPaymentsWithoutAKeyAreExecutedEachTime(t *testing.T) {
	s := server.New()
	for range 3 {
		wantStatus(t, ask(s, "POST", "/payments", order), 201)
	}
	if got := len(s.Payments()); got != 3 {
		t.Errorf("%d executed, want 3", got)
	}
}

func TestThePaymentLogIsACopy(t *testing.T) {
	s := server.New()
	ask(s, "POST", "/payments", order)
	s.Payments()[0].Status = "refused"
	if got := s.Payments()[0].Status; got != "captured" {
		t.Errorf("the log was changed from outside: %q", got)
	}
}
