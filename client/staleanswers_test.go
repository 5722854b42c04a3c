// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOldAnswersTakeAsMuchMemoryAsTheyMay(t *testing.T) {
	status := 200
	body := `{"name":"` + strings.Repeat("x", 8<<20) + `"}`
	shop := wire[boutique](t, shopSettings("stale-if-error", "10m", "retry.enabled", false, "circuit-breaker.enabled", false, "max-response-size", "32MiB"),
		portFunc(func(*http.Request) (*http.Response, error) { return answer(status, body), nil }))
	const calls = 12
	for i := range calls {
		_, err := shop.Get(t.Context(), strconv.Itoa(i))
		require.NoError(t, err)
	}
	status = 503
	kept := 0
	for i := range calls {
		if _, err := shop.Get(t.Context(), strconv.Itoa(i)); err == nil {
			kept++
		}
	}
	assert.Equal(t, 7, kept, "of 8 MiB each in 64 MiB")
	_, err := shop.Get(t.Context(), strconv.Itoa(calls-1))
	assert.NoError(t, err, "the last")
}
