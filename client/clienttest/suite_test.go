// SPDX-License-Identifier: Apache-2.0

package clienttest_test

import (
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
)

func TestTheDefaultAdapterConforms(t *testing.T) {
	clienttest.RunPortSuite(t, client.NewNetHTTPAdapter)
}
