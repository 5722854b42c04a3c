// SPDX-License-Identifier: Apache-2.0

package settings

import "testing"

func TestAnUnusableAllowedHostIsFound(t *testing.T) {
	for host, want := range map[string]bool{
		"files.example": true, "files.example:8443": true, "*.files.example": true, "127.0.0.1": true,
		"": false, "*": false, "*.com": false, "http://files.example": false, "files.example/x": false, "u@files.example": false, "a.*.b": false,
	} {
		if got := isAllowedHost(host); got != want {
			t.Errorf("%q: %t, want %t", host, got, want)
		}
	}
}
