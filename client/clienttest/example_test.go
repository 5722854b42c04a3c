// SPDX-License-Identifier: Apache-2.0

package clienttest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
)

// ask sends a request as a declarative client would.
func ask(port client.HttpClientPort, verb, target string) {
	req, _ := http.NewRequestWithContext(context.Background(), verb, target, nil)
	response, err := port.Request(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(response.StatusCode, string(body))
}

func ExampleNewPort() {
	port := clienttest.NewPort()
	port.On("GET", "/products/{id}").
		Fail(errors.New("connection reset")).
		RespondJSON(200, map[string]string{"name": "Lamp"})

	ask(port, "GET", "/products/42")
	ask(port, "GET", "/products/42")
	ask(port, "DELETE", "/products/42")
	fmt.Println(len(port.Requests()), "requests")
	// Output:
	// connection reset
	// 200 {"name":"Lamp"}
	// clienttest: DELETE /products/42 is not programmed; programmed are: GET /products/{id}
	// 3 requests
}

func ExamplePort_Factory() {
	port := clienttest.NewPort()
	port.On("GET", "/products").Respond(200, "[]")

	// client.Module(client.WithFactory(port.Factory())) hands it to all clients.
	inventory, _ := port.Factory()(client.PortConfig{Name: "inventory-client"})
	ask(inventory, "GET", "/products?page=2")

	seen := port.Requests()[0]
	fmt.Println(seen.Client, seen.Verb, seen.Path, seen.Query.Get("page"))
	// Output:
	// 200 []
	// inventory-client GET /products 2
}

func ExampleHandlerFactory() {
	inventory := http.NewServeMux()
	inventory.HandleFunc("GET /api/products/{id}", func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "product %s", r.PathValue("id"))
	})
	factory := clienttest.HandlerFactory(inventory)

	port, _ := factory(client.PortConfig{Name: "inventory-client", BaseURL: "http://inventory/api"})
	ask(port, "GET", "/products/42")
	// Output: 200 product 42
}
