// SPDX-License-Identifier: Apache-2.0

package httpcache_test

import (
	"compress/gzip"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/httpcache"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// TestOverTheNetwork uses the default port and a server that compresses, redirects
// and validates.
func TestOverTheNetwork(t *testing.T) {
	var asked atomic.Int64
	mux := http.NewServeMux()
	mux.HandleFunc("/api/zipped", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		w.Header().Set("Vary", "Accept-Encoding")
		w.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(w)
		_, _ = io.WriteString(zip, "text")
		_ = zip.Close()
	})
	mux.HandleFunc("/api/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/api/there", http.StatusFound) })
	mux.HandleFunc("/api/there", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=60")
		_, _ = io.WriteString(w, "text")
	})
	mux.HandleFunc("/api/validated", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"a"`)
		w.Header().Set("Cache-Control", "no-cache")
		if r.Header.Get("If-None-Match") == `"a"` {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, "text")
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		mux.ServeHTTP(w, r)
	}))
	defer server.Close()
	app := container.NewApplicationContext(container.WithLogger(slog.New(slog.DiscardHandler)), container.WithConfig(config.New(map[string]any{
		"pyfly.client.services.docs.base-url":           server.URL + "/api",
		"pyfly.client.services.docs.auth.bearer.token":  "sesame",
		"pyfly.client.services.docs.retry.max-attempts": 3,
	})))
	app.Install(client.Module(), httpcache.Module())
	client.Register[docClient](app)
	require.NoError(t, app.Start(t.Context()))
	defer func() { require.NoError(t, app.Stop(context.Background())) }()
	docs := container.Must(container.Get[*docClient](app))
	for path, want := range map[string]int64{"/api/zipped": 1, "/api/moved": 4, "/api/there": 1, "/api/validated": 2} {
		asked.Store(0)
		for range 2 {
			r, err := docs.Get(t.Context(), client.URL(path), nil)
			require.NoError(t, err, path)
			assert.Equal(t, "text", r.Body, path)
		}
		assert.Equal(t, want, asked.Load(), path)
	}
	stats := statsOf(t, app)
	assert.Equal(t, [2]int64{2, 1}, [2]int64{stats.Hits, stats.Revalidations})
}
