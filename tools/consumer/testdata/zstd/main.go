// SPDX-License-Identifier: Apache-2.0

// It sends a body in zstd and prints what the server has received.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/zstd"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

type EchoClient struct {
	client.HttpClient

	Send func(ctx context.Context, body []string) (string, error) `post:"/"`
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = fmt.Fprintf(w, "accepts %s, sends %s", r.Header.Get("Accept-Encoding"), r.Header.Get("Content-Encoding"))
	}))
	defer server.Close()
	app := container.NewApplicationContext(container.WithConfig(config.New(map[string]any{
		"pyfly.client.services.echo-client.base-url":            server.URL,
		"pyfly.client.services.echo-client.request-compression": "zstd",
	})))
	app.Install(client.Module())
	app.Install(zstd.Module())
	client.Register[EchoClient](app)
	if err := app.Start(context.Background()); err != nil {
		log.Fatal(err)
	}
	received, err := container.Must(container.Get[*EchoClient](app)).Send(context.Background(), make([]string, 10_000))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(received)
	if err := app.Stop(context.Background()); err != nil {
		log.Fatal(err)
	}
}
