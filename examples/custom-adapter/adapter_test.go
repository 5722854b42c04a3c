// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"github.com/pyfly-go/pyfly/client/clienttest"
)

func TestTheAdapterKeepsTheContract(t *testing.T) {
	clienttest.RunPortSuite(t, newFasthttpAdapter)
}
