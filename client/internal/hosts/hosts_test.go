// SPDX-License-Identifier: Apache-2.0

package hosts_test

import (
	"net/url"
	"testing"

	"github.com/pyfly-go/pyfly/client/internal/hosts"
)

func TestWhichHostsAreAllowed(t *testing.T) {
	allowed := hosts.Allowed{"Files.example", "other.example:8443", "*.cdn.example"}
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
