// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"net"
	"net/url"
	"testing"
)

func TestTheAddressOfAURL(t *testing.T) {
	for text, want := range map[string]string{
		"http://inventory":              "inventory:80",
		"https://inventory":             "inventory:443",
		"https://inventory:8443/x":      "inventory:8443",
		"http://[::1]":                  "[::1]:80",
		"https://b\u00fccher.example/x": "xn--bcher-kva.example:443",
	} {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := dialAddress(u); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
		if _, _, err := net.SplitHostPort(want); err != nil {
			t.Error(err)
		}
	}
}
