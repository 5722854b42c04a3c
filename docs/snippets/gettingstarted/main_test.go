// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func Example() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stock/42" {
			_, _ = w.Write([]byte("3"))
			return
		}
		_, _ = w.Write([]byte(`{"id":"42","name":"Cedar Bird House","cents":4200}`))
	}))
	defer service.Close()
	ctx := context.Background()
	app := container.NewApplicationContext(
		container.WithLogger(slog.New(slog.DiscardHandler)),
		container.WithConfig(config.New(map[string]any{
			"pyfly.client.services.catalog-client.base-url": service.URL,
			"pyfly.client.services.stock-client.base-url":   service.URL,
		})))
	configure(app)
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Stop(ctx) }()
	fmt.Println(container.Must(container.Get[*Offers](app)).Describe(ctx, "42"))
	// Output: Cedar Bird House: 4200 cents, 3 in stock <nil>
}
