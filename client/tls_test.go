// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/internal/nettest"
)

// visitor is a client that goes to other hosts.
type visitor struct {
	client.HttpClient `url:"https://visitor.invalid" name:"visitor"`

	Get    func(ctx context.Context) (string, error)                  `get:"/"`
	Follow func(ctx context.Context, link client.URL) (string, error) `get:"/"`
}

const visitorService = "pyfly.client.services.visitor."

func TestAuthoritiesOfOtherHostsAreReadAgainToo(t *testing.T) {
	protocol := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) })
	for _, way := range []string{"directly", "through a proxy"} {
		t.Run(way, func(t *testing.T) {
			ours, next := nettest.NewAuthority(t), nettest.NewAuthority(t)
			ca := write(t, filepath.Join(t.TempDir(), "ca.pem"), ours.PEM)
			base, other := ours.TLSServer(t, "inventory.example", protocol), next.TLSServer(t, "localhost", protocol)
			settings := map[string]any{
				visitorService + "base-url": base.URL, visitorService + "tls.ca-file": ca, visitorService + "tls.server-name": "inventory.example",
				visitorService + "allowed-hosts": strings.TrimPrefix(nettest.At(other, "localhost"), "https://"),
			}
			if way != "directly" {
				settings[visitorService+"proxy"], _ = ours.Proxy(t, "")
			}
			c := wireBy[visitor](t, settings)
			if _, err := c.Get(t.Context()); err != nil {
				t.Errorf("the base: %v", err)
			}
			link := client.URL(nettest.At(other, "localhost"))
			if _, err := c.Follow(t.Context(), link); !errors.As(err, new(*tls.CertificateVerificationError)) {
				t.Errorf("before: %v", err)
			}
			write(t, ca, append(next.PEM, "\n# renewed"...))
			if _, err := c.Follow(t.Context(), link); err != nil {
				t.Errorf("after: %v", err)
			}
		})
	}
}
