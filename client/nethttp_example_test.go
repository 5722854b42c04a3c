// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/pyfly-go/pyfly/client"
)

func ExampleNewNetHTTPAdapter() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s for tenant %s", r.RequestURI, r.Header.Get("X-Tenant"))
	}))
	defer server.Close()

	port, err := client.NewNetHTTPAdapter(client.PortConfig{
		Name:    "inventory-client",
		BaseURL: server.URL + "/api",
		Header:  http.Header{"X-Tenant": {"acme"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	defer func() { _ = port.Stop(ctx) }()

	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/products?page=2", nil)
	response, err := port.Request(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	fmt.Println(string(body))
	// Output: /api/products?page=2 for tenant acme
}
