// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"cmp"
	"errors"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/client/port"
)

// instanceCases are about requests to an instance of the service: see
// [port.InstanceOf].
func instanceCases() []conformanceCase {
	return []conformanceCase{
		{"a request to an instance is sent to its address", checkInstance},
		{"a request to an instance has the service's Host, path and header", checkServiceOfInstance},
	}
}

// fetchFromInstance sends a request to an instance of a service whose host is only a
// name. The response tells what has arrived.
func fetchFromInstance(t *trial) (received, error) {
	instance := t.server(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Host", r.Host)
		w.Header().Set("X-Target", r.RequestURI)
		w.Header().Set("X-Tenant", r.Header.Get("X-Tenant"))
	})
	adapter, err := t.port(port.PortConfig{BaseURL: "http://service.invalid/api", Header: http.Header{"X-Tenant": {"configured"}}})
	if err != nil {
		return received{}, err
	}
	address := strings.TrimPrefix(instance.URL, "http://")
	req, err := newRequest(port.WithInstance(t.ctx, address), http.MethodGet, instance.URL+"/api/products?tag=a", "")
	if err != nil {
		return received{}, err
	}
	req.Host = "service.invalid"
	return t.send(adapter, req)
}

func checkInstance(t *trial) error {
	_, err := fetchFromInstance(t)
	return err
}

func checkServiceOfInstance(t *trial) error {
	got, err := fetchFromInstance(t)
	return cmp.Or(err, errors.Join(
		differs("Host", got.header.Get("X-Host"), "service.invalid"),
		differs("request target", got.header.Get("X-Target"), "/api/products?tag=a"),
		differs("X-Tenant", got.header.Get("X-Tenant"), "configured")))
}
