// SPDX-License-Identifier: Apache-2.0

package comingfrom

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

func TestNoSuchPayment(t *testing.T) {
	checkout := NewCheckout(&PaymentClient{
		Get: func(context.Context, string) (Payment, error) { return Payment{}, client.ErrNotFound },
	}, CheckoutProperties{}, nil)
	if _, err := checkout.State(t.Context(), "pay-1"); !errors.Is(err, ErrNoPayment) {
		t.Errorf("got %v", err)
	}
}

func newApp(port *clienttest.Port) *container.ApplicationContext {
	app := container.NewApplicationContext(container.WithConfig(config.New(nil)))
	app.Install(client.Module(client.WithFactory(port.Factory())), CheckoutModule())
	return app
}

func TestACaptureIsPublished(t *testing.T) {
	port := clienttest.NewPort()
	port.On("POST", "/payments").RespondJSON(http.StatusCreated, Payment{ID: "pay-1"})
	app := newApp(port)
	var captured []string
	lifecycle.Subscribe(app.Events(), func(e PaymentCaptured) { captured = append(captured, e.ID) })
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer stop(t, app)
	if err := container.Must(container.Get[*Checkout](app)).Pay(t.Context(), "order-1"); err != nil {
		t.Fatal(err)
	}
	if len(captured) != 1 || captured[0] != "pay-1" {
		t.Errorf("captured %q", captured)
	}
}

func TestAClientIsSwapped(t *testing.T) {
	app := newApp(clienttest.NewPort())
	app.Override(func() *PaymentClient {
		return &PaymentClient{
			Get: func(context.Context, string) (Payment, error) { return Payment{State: "captured"}, nil },
		}
	})
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer stop(t, app)
	state, err := container.Must(container.Get[*Checkout](app)).State(t.Context(), "pay-1")
	if err != nil || state != "captured" {
		t.Errorf("%q, %v", state, err)
	}
}

func stop(t *testing.T, app *container.ApplicationContext) {
	t.Helper()
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
