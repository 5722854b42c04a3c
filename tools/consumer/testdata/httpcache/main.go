// SPDX-License-Identifier: Apache-2.0

// It calls a service twice and prints how often that was asked.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/httpcache"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

type DocClient struct {
	client.HttpClient

	Get func(ctx context.Context) (string, error) `get:"/"`
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		_, _ = fmt.Fprint(w, "hello")
	}))
	defer server.Close()
	app := container.NewApplicationContext(container.WithConfig(config.New(map[string]any{
		"pyfly.client.services.doc-client.base-url": server.URL,
	})))
	app.Install(client.Module())
	app.Install(httpcache.Module())
	client.Register[DocClient](app)
	if err := app.Start(context.Background()); err != nil {
		log.Fatal(err)
	}
	docs := container.Must(container.Get[*DocClient](app))
	for range 2 {
		if _, err := docs.Get(context.Background()); err != nil {
			log.Fatal(err)
		}
	}
	stats := httpcache.Stats(app)[0]
	fmt.Println("hits:", stats.Hits, "misses:", stats.Misses)
	if err := app.Stop(context.Background()); err != nil {
		log.Fatal(err)
	}
}
