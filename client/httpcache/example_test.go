// SPDX-License-Identifier: Apache-2.0

package httpcache_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/httpcache"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// CatalogClient is a client without a word about caching.
type CatalogClient struct {
	client.ServiceClient `url:"http://catalog:8080"`

	GetTitle func(ctx context.Context, id string) (string, error) `get:"/titles/{id}"`
}

func ExampleModule() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("the service is asked for", r.URL.Path)
		w.Header().Set("Cache-Control", "max-age=60")
		_, _ = fmt.Fprint(w, "Cedar Bird House")
	}))
	defer service.Close()
	ctx := context.Background()

	app := container.NewApplicationContext(
		container.WithConfig(config.New(map[string]any{"pyfly.client.services.catalog-client.base-url": service.URL})),
		container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module())
	app.Install(httpcache.Module())
	client.Register[CatalogClient](app)
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Stop(ctx) }()

	catalog := container.Must(container.Get[*CatalogClient](app))
	for range 3 {
		fmt.Println(catalog.GetTitle(ctx, "42"))
	}
	for _, stats := range httpcache.Stats(app) {
		fmt.Println(stats.Client, "hits:", stats.Hits, "misses:", stats.Misses)
	}
	// Output:
	// the service is asked for /titles/42
	// Cedar Bird House <nil>
	// Cedar Bird House <nil>
	// Cedar Bird House <nil>
	// catalog-client hits: 2 misses: 1
}
