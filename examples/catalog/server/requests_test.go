// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"testing"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

func TestRequestsAreCountedByRoute(t *testing.T) {
	s := server.New()
	setFault(t, s, server.Fault{Mode: server.ModeFail, PathPrefix: "/payments", Count: 2})
	for range 3 {
		ask(s, "POST", "/payments", order)
	}
	ask(s, "GET", "/products/p-1001", "")
	ask(s, "HEAD", "/products/p-1002", "")
	ask(s, "GET", "/products/unknown", "")
	ask(s, "GET", "/health", "")
	ask(s, "PATCH", "/products", "")
	ask(s, "GET", "/nowhere", "")
	want := map[string]int64{
		"POST /payments": 3, "GET /payments/{id}": 0,
		"GET /products": 0, "POST /products": 0,
		"GET /products/{id}": 3, "PUT /products/{id}": 0, "DELETE /products/{id}": 0,
		"GET /faults": 0, "PUT /faults": 0, "DELETE /faults": 0, "GET /health": 1,
		server.OtherRequests: 2,
	}
	got := s.Requests()
	for route, n := range want {
		if count, known := got[route]; !known || count != n {
			t.Errorf("%s: %d, want %d", route, count, n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("routes %v", got)
	}
	got["POST /payments"] = 99
	if s.Requests()["POST /payments"] != 3 {
		t.Error("the counters were changed from outside")
	}
}
