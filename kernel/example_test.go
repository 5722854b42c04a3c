// SPDX-License-Identifier: Apache-2.0

package kernel_test

import (
	"errors"
	"fmt"

	"github.com/pyfly-go/pyfly/kernel"
)

func ExampleNotWiredError() {
	var err error = &kernel.NotWiredError{Client: "InventoryClient", Method: "GetProduct"}
	var notWired *kernel.NotWiredError
	if errors.As(err, &notWired) {
		fmt.Println(notWired.Client, notWired.Method)
	}
	// Output: InventoryClient GetProduct
}
