// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

const callers, rounds = 16, 20

func together(do func(caller, round int)) {
	var wg sync.WaitGroup
	for caller := range callers {
		wg.Go(func() {
			for round := range rounds {
				do(caller, round)
			}
		})
	}
	wg.Wait()
}

func TestManyCallersOfOneKeyArePaidOnce(t *testing.T) {
	s, client := started(t)
	together(func(_, round int) {
		body := strings.NewReader(fmt.Sprintf(`{"order_id":"o-%d","amount_cents":100}`, round))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+"/payments", body)
		if err != nil {
			t.Error(err)
			return
		}
		r.Header.Set("Idempotency-Key", fmt.Sprint(round))
		answer, err := client.Do(r)
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	})
	if got := len(s.Payments()); got != rounds {
		t.Errorf("%d executed, want %d", got, rounds)
	}
	if got := s.Requests()["POST /payments"]; got != callers*rounds {
		t.Errorf("%d requests, want %d", got, callers*rounds)
	}
}

func TestManyCallersChangeTheInventory(t *testing.T) {
	s := server.New()
	together(func(caller, round int) {
		body := fmt.Sprintf(`{"name":"thing %d/%d","category":"tools","price_cents":1}`, caller, round)
		r := ask(s, "POST", "/products", body)
		if r.StatusCode != 201 {
			t.Errorf("create: %d", r.StatusCode)
			return
		}
		path := r.Header.Get("Location")
		ask(s, "GET", "/products?category=tools&size=100", "")
		for _, method := range []string{"GET", "PUT", "DELETE"} {
			if r := ask(s, method, path, body); r.StatusCode >= 300 {
				t.Errorf("%s %s: %d", method, path, r.StatusCode)
			}
		}
	})
	if got := ask(s, "GET", "/products", "").Header.Get("X-Total-Count"); got != "240" {
		t.Errorf("%s products are left, want 240", got)
	}
}

func TestACountedFaultHitsThatManyOfManyCallers(t *testing.T) {
	s := server.New()
	setFault(t, s, server.Fault{Mode: server.ModeFail, Count: 100})
	var failed atomic.Int64
	together(func(int, int) {
		if ask(s, "GET", "/products/p-1001", "").StatusCode == 503 {
			failed.Add(1)
		}
	})
	if got := failed.Load(); got != 100 {
		t.Errorf("%d failed, want 100", got)
	}
}
