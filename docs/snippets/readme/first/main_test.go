// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
)

// The program runs against a server that responds as the module proxy does.
func Example() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/go.uber.org/dig/@latest" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"Version":"v1.19.0","Time":"2025-05-13T19:05:29Z"}`)
	}))
	defer server.Close()
	const variable = "PYFLY_CLIENT_SERVICES_GO_PROXY_BASE_URL"
	_ = os.Setenv(variable, server.URL)
	defer func() { _ = os.Unsetenv(variable) }()
	main()
	// Output:
	// the latest version of dig: v1.19.0 <nil>
}
