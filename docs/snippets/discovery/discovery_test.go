// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/discovery"
)

func TestTheGuidesCatalog(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("10.0.0.1:8080\n10.0.0.2:8080\n"))
	}))
	defer server.Close()
	defer http.DefaultClient.CloseIdleConnections()
	ctx, cancel := context.WithCancel(t.Context())
	var found []discovery.Instance
	err := Catalog{URL: server.URL}.Watch(ctx, "payment-service", func(instances []discovery.Instance) {
		found = instances
		cancel()
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []discovery.Instance{{Address: "10.0.0.1:8080"}, {Address: "10.0.0.2:8080"}}, found)
	assert.Len(t, resolvers(), 3)
}
