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
	body := `{"name":"` + strings.Repeat("x", 256<<10) + `"}`
	shop := wire[boutique](t, shopSettings("stale-if-error", map[string]any{"max-age": "10m", "max-size": "2MiB"}, "retry.enabled", false, "circuit-breaker.enabled", false),
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
	assert.Equal(t, 7, kept, "of 256 KiB each in 2 MiB")
	_, err := shop.Get(t.Context(), strconv.Itoa(calls-1))
	assert.NoError(t, err, "the last")
}
