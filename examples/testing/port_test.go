// SPDX-License-Identifier: Apache-2.0

package catalog_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
	catalog "github.com/pyfly-go/pyfly/examples/testing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestWithAPort runs the whole client, declaration, retries and decoding, but
// for the network.
func TestWithAPort(t *testing.T) {
	port := clienttest.NewPort()
	port.On("GET", "/products/p-1").RespondJSON(http.StatusOK, catalog.Product{ID: "p-1", Name: "Bow Rake", PriceCents: 2490})
	port.On("GET", "/products/{id}").Respond(http.StatusNotFound, "")
	service := started(t, application(client.WithFactory(port.Factory())))

	if quote, err := service.Quote(t.Context(), "p-1"); err != nil || quote != "Bow Rake: 24.90 EUR" {
		t.Errorf("got %q, %v", quote, err)
	}
	if _, err := service.Quote(t.Context(), "p-2"); !errors.Is(err, catalog.ErrSoldOut) {
		t.Errorf("got %v", err)
	}
	requests := port.Requests()
	if len(requests) != 2 || requests[1].Path != "/products/p-2" || requests[1].Verb != "GET" {
		t.Errorf("sent %+v", requests)
	}
}

// TestRetriesTakeNoTime runs in a bubble of testing/synctest, where a second of
// back-off is over at once.
func TestRetriesTakeNoTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := clienttest.NewPort()
		port.On("GET", "/products/p-1").
			Respond(http.StatusServiceUnavailable, "").
			Respond(http.StatusServiceUnavailable, "").
			RespondJSON(http.StatusOK, catalog.Product{Name: "Bow Rake", PriceCents: 2490})
		service := started(t, application(client.WithFactory(port.Factory())))

		begun := time.Now()
		quote, err := service.Quote(t.Context(), "p-1")
		if err != nil || quote != "Bow Rake: 24.90 EUR" || time.Since(begun) != 3*time.Second {
			t.Errorf("got %q, %v after %s", quote, err, time.Since(begun))
		}
	})
}
