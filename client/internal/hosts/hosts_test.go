// SPDX-License-Identifier: Apache-2.0

package hosts_test

import (
	"net/url"
	"testing"

	"github.com/pyfly-go/pyfly/client/internal/hosts"
)

func TestWhichHostsAreAllowed(t *testing.T) {
	allowed := hosts.Allowed{"Files.example", "other.example:8443", "*.cdn.example", "*.ports.example:8443", "2001:db8::1", "[2001:db8::2]:8443", "192.0.2.1", "https://wrong.example"}
	for _, test := range []struct {
		from, to string
		want     bool
	}{
		{"http://inventory", "http://files.example/x", true},
		{"http://inventory", "http://FILES.example:80", true},
		{"http://inventory", "https://files.example", true},
		{"https://inventory", "https://files.example:443", true},
		{"https://inventory", "http://files.example", false},
		{"http://inventory", "http://files.example:8080", false},
		{"https://inventory", "https://other.example:8443", true},
		{"https://inventory", "https://other.example", false},
		{"https://inventory", "https://a.cdn.example", true},
		{"https://inventory", "https://a.b.cdn.example", true},
		{"https://inventory", "https://cdn.example", false},
		{"https://inventory", "https://.cdn.example", false},
		{"https://inventory", "https://evilcdn.example", false},
		{"https://inventory", "https://user@files.example", false},
		{"https://inventory", "ftp://files.example", false},
		{"https://inventory", "//files.example", false},
		{"https://inventory", "https://files.example.evil.example", false},
		{"https://inventory", "https://a.ports.example:8443", true},
		{"https://inventory", "https://a.ports.example", false},
		{"https://inventory", "https://[2001:db8::1]/x", true},
		{"https://inventory", "https://[2001:DB8:0:0::1]:443/x", true},
		{"https://inventory", "https://[2001:db8::1]:8443/x", false},
		{"https://inventory", "https://[2001:db8::2]:8443/x", true},
		{"https://inventory", "https://[2001:db8::2]/x", false},
		{"https://inventory", "https://[2001:db8::3]/x", false},
		{"https://inventory", "https://192.0.2.1/x", true},
		{"https://inventory", "https://files.example./x", true},
		{"https://inventory", "https://wrong.example", false},
	} {
		from, _ := url.Parse(test.from)
		to, err := url.Parse(test.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := allowed.Allow(from, to); got != test.want {
			t.Errorf("from %s to %s: %t, want %t", test.from, test.to, got, test.want)
		}
	}
}
