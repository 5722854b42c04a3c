// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	semconv "go.opentelemetry.io/otel/semconv/v1.37.0"
)

// TestTheSpanOfAnAttemptNamesTheInstance: server.address is the service all the same.
func TestTheSpanOfAnAttemptNamesTheInstance(t *testing.T) {
	instance := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(instance.Close)
	address := instance.Listener.Addr().String()
	o := observe(t, status(http.StatusTeapot), map[string]any{"base-url": "http://traced.invalid", "discovery": "static", "instances": address})
	if _, err := o.Get(t.Context(), "1", nil); err != nil {
		t.Fatal(err)
	}
	_, attempts := o.split()
	if len(attempts) != 1 {
		t.Fatalf("%d attempts", len(attempts))
	}
	a := attributesOf(attempts[0].Attributes)
	peer := a[string(semconv.NetworkPeerAddressKey)] + ":" + a[string(semconv.NetworkPeerPortKey)]
	if service := a[string(semconv.ServerAddressKey)]; service != "traced.invalid" || peer != address {
		t.Errorf("the service is %q, the instance %q", service, peer)
	}
}
