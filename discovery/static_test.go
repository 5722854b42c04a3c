// SPDX-License-Identifier: Apache-2.0

package discovery_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/discovery"
)

func TestStaticTellsOnceAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		given := []discovery.Instance{{Address: "a:80"}, {Address: "b:80", Weight: 3}}
		resolver := discovery.Static(given...)
		given[0].Address = "changed:80"
		w := watch(t, resolver, "shop")
		require.Len(t, w.updates, 1)
		w.updates[0][1].Address = "changed:80" // what is told belongs to who is told
		other := watch(t, resolver, "other")
		assert.Equal(t, [][]string{{"a:80", "b:80"}}, other.addresses())
		require.ErrorIs(t, w.stop(), context.Canceled)
		require.ErrorIs(t, other.stop(), context.Canceled)
	})
}
