// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestNewNetHTTPAdapterRefusesBaseURLsThatCannotBeCalled(t *testing.T) {
	for name, base := range map[string]string{
		"none":        "",
		"no scheme":   "inventory:8080",
		"ftp":         "ftp://user:hunter2@inventory",
		"no host":     "http://",
		"query":       "http://user:hunter2@inventory?a=b",
		"no URL":      "http://user:hunter2@inventory:port",
		"fragment":    "http://inventory#a",
		"no IPv6 end": "http://user:hunter2@[::1",
	} {
		t.Run(name, func(t *testing.T) {
			adapter, err := client.NewNetHTTPAdapter(port.PortConfig{Name: "inventory-client", BaseURL: base})
			if !errors.Is(err, kernel.ErrConfig) || adapter != nil {
				t.Fatalf("got %v, %v; want a kernel.ErrConfig", adapter, err)
			}
			if text := err.Error(); !strings.Contains(text, "inventory-client") || strings.Contains(text, "hunter2") {
				t.Errorf("the error must name the client and no password: %v", err)
			}
		})
	}
}
