// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACompressedEventDoesNotWaitForTheNext(t *testing.T) {
	next := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		w.Header().Set("Content-Encoding", "gzip")
		packer := gzip.NewWriter(w)
		for range 3 {
			_, _ = io.WriteString(packer, "data: a\n\n")
			_ = packer.Flush()
			w.(http.Flusher).Flush()
			select {
			case <-next:
			case <-r.Context().Done():
				return
			}
		}
		_ = packer.Close()
	}))
	defer server.Close()
	c := wireBy[againClient](t, over("again", server.URL))
	n := 0
	for e, err := range c.Events(t.Context()) {
		require.NoError(t, err)
		require.Equal(t, "a", e.Data)
		n++
		if n == 3 {
			break
		}
		next <- struct{}{}
	}
	require.Equal(t, 3, n)
}
