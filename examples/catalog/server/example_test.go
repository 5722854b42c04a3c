// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

func Example() {
	ctx := context.Background()
	service := server.New() // a free port of the loopback interface
	if err := service.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = service.Stop(ctx) }()
	defer http.DefaultClient.CloseIdleConnections()

	answer, err := http.Get(service.URL() + "/products?category=garden&in_stock=true&size=5")
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = answer.Body.Close()
	fmt.Println(answer.Status, "of", answer.Header.Get("X-Total-Count"))
	// Output: 200 OK of 27
}

func ExampleServer_SetFault() {
	service := server.New()
	if err := service.SetFault(server.Fault{Mode: server.ModeRateLimit, Count: 1, RetryAfterSeconds: 2}); err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		w := httptest.NewRecorder()
		service.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/products/p-1001", nil))
		fmt.Printf("%d, Retry-After %q\n", w.Code, w.Header().Get("Retry-After"))
	}
	fmt.Println(service.Requests()["GET /products/{id}"], "requests")
	// Output:
	// 429, Retry-After "2"
	// 200, Retry-After ""
	// 2 requests
}
