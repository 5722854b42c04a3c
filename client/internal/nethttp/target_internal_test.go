// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestHeadersOfAPortThatDifferInCaseAreOne(t *testing.T) {
	given := http.Header{"x-a": {"2"}, "X-A": {"1"}}
	for range 10 { // maps have no order
		target := newTarget(&url.URL{Scheme: "http", Host: "inventory"}, given)
		require.Equal(t, http.Header{"X-A": {"1", "2"}}, target.header)
	}
	require.Equal(t, http.Header{"x-a": {"2"}, "X-A": {"1"}}, given)
}
