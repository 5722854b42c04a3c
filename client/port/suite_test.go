// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"testing"

	"github.com/pyfly-go/pyfly/client/clienttest"
)

func TestTheAdapterOfTheExampleConforms(t *testing.T) { clienttest.RunPortSuite(t, newAdapter) }
