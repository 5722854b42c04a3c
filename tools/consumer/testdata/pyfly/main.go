// SPDX-License-Identifier: Apache-2.0

// It calls a client that is an interface, whose implementation is generated.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

//pyfly:http-client
type EchoClient interface {
	//pyfly:get /echo/{text}
	Echo(ctx context.Context, text string) (string, error)
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, "sent ", r.URL.Path)
	}))
	defer server.Close()
	app := container.NewApplicationContext(container.WithConfig(config.New(map[string]any{
		"pyfly.client.services.echo-client.base-url": server.URL,
	})))
	app.Install(client.Module())
	RegisterEchoClient(app)
	if err := app.Start(context.Background()); err != nil {
		log.Fatal(err)
	}
	received, err := container.Must(container.Get[EchoClient](app)).Echo(context.Background(), "hello")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(received)
	if err := app.Stop(context.Background()); err != nil {
		log.Fatal(err)
	}
}
