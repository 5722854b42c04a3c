// SPDX-License-Identifier: Apache-2.0

package clients

import (
	"testing"

	"github.com/pyfly-go/pyfly/client"
)

func TestTheGuidesDeclarationsAreRight(t *testing.T) {
	for name, err := range map[string]error{
		"InventoryClient": client.Describe[InventoryClient]().Err(),
		"PaymentClient":   client.Describe[PaymentClient]().Err(),
		"SearchClient":    client.Describe[SearchClient]().Err(),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if lines := describe(); len(lines) != 5 || lines[0] != "GetProduct: GET /products/{product_id}" {
		t.Errorf("%q", lines)
	}
}
