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
	for name, c := range map[string]struct {
		setting any
		size    int // of a response
		want    int // kept, of 12
	}{
		"2 MiB":               {map[string]any{"max-age": "10m", "max-size": "2MiB"}, 256 << 10, 7},
		"as much as is set":   {map[string]any{"max-age": "10m", "max-size": "512KiB"}, 64 << 10, 7},
		"none larger than it": {map[string]any{"max-age": "10m", "max-size": "4KiB"}, 8 << 10, 0},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, keptOf12(t, c.setting, c.size))
		})
	}
}

// keptOf12 makes 12 calls, lets the service fail, and counts the calls that get the
// response of before.
func keptOf12(t *testing.T, setting any, size int) (kept int) {
	t.Helper()
	status := 200
	body := `{"name":"` + strings.Repeat("x", size) + `"}`
	shop := wire[boutique](t, shopSettings("stale-if-error", setting, "retry.enabled", false, "circuit-breaker.enabled", false, "max-response-size", "32MiB"),
		portFunc(func(*http.Request) (*http.Response, error) { return answer(status, body), nil }))
	const calls = 12
	for i := range calls {
		_, err := shop.Get(t.Context(), strconv.Itoa(i))
		require.NoError(t, err)
	}
	status = 503
	for i := range calls {
		if _, err := shop.Get(t.Context(), strconv.Itoa(i)); err == nil {
			kept++
		}
	}
	_, err := shop.Get(t.Context(), strconv.Itoa(calls-1))
	assert.Equal(t, kept > 0, err == nil, "the last")
	return kept
}
