// SPDX-License-Identifier: Apache-2.0

package balance_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/balance"
)

// TestSharesOverLoopback: equal servers get nearly equal shares, although their first
// requests are slow because they make connections.
func TestSharesOverLoopback(t *testing.T) {
	const servers, callers, requests = 10, 32, 10_000
	b := newBalancer(t, balance.Config{})
	var addresses []string
	counts := map[string]*atomic.Int64{}
	for range servers {
		count := new(atomic.Int64)
		server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { count.Add(1) }))
		defer server.Close()
		addresses = append(addresses, server.Listener.Addr().String())
		counts[server.Listener.Addr().String()] = count
	}
	b.Update(at(addresses...))
	transport := &http.Transport{MaxIdleConnsPerHost: callers}
	defer transport.CloseIdleConnections()
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			for range requests / callers {
				if !assert.NoError(t, get(t, b, transport)) {
					return
				}
			}
		})
	}
	wg.Wait()
	var most int64
	for address, count := range counts {
		t.Log(address, count.Load())
		most = max(most, count.Load())
	}
	require.Less(t, float64(most), 1.2*requests/servers)
}

// get sends a request to the instance that is picked.
func get(t *testing.T, b *balance.Balancer, transport http.RoundTripper) error {
	begun := time.Now()
	p, err := b.Pick(t.Context(), balance.PickInfo{At: begun})
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.Instance().Address, nil)
	if err != nil {
		return err
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return err
	}
	took := time.Since(begun)
	_, err = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
	p.Done(balance.Outcome{Result: balance.Success, Latency: took})
	return err
}
