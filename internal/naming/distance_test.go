// SPDX-License-Identifier: Apache-2.0

package naming_test

import (
	"testing"

	"github.com/pyfly-go/pyfly/internal/naming"
)

func TestTheNearestNameIsFound(t *testing.T) {
	names := []string{"watcher", "Stock", "stack", "circuitBreakers"}
	for name, want := range map[string]string{
		"wacher": "watcher", "stock": "Stock", "stokc": "Stock", "circuit-breakers": "circuitBreakers", "database": "", "": "",
	} {
		if got := naming.Nearest(name, names); got != want {
			t.Errorf("%q is taken for %q, want %q", name, got, want)
		}
	}
}
