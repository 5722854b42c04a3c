// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// pipeServer answers over connections in memory, whose number it counts.
func pipeServer(ctx context.Context, connections *atomic.Int32) func(context.Context, string, string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) {
		connections.Add(1)
		client, server := net.Pipe()
		go func() {
			defer func() { _ = server.Close() }()
			requests := bufio.NewReader(server)
			for {
				if _, err := http.ReadRequest(requests); err != nil {
					return
				}
				if _, err := io.WriteString(server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"); err != nil {
					return
				}
			}
		}()
		context.AfterFunc(ctx, func() { _ = server.Close() })
		return client, nil
	}
}

func TestConnectionsServeNoLongerThanTheirAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var connections atomic.Int32
		aging := newAgingTransport(&http.Transport{DialContext: pipeServer(ctx, &connections)}, time.Minute)
		get := func() {
			t.Helper()
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://inventory/", nil)
			response, err := aging.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			if body, err := io.ReadAll(response.Body); string(body) != "ok" || err != nil {
				t.Errorf("read %q, %v", body, err)
			}
			_ = response.Body.Close()
			synctest.Wait()
		}
		for range 3 {
			get()
			time.Sleep(19 * time.Second) // virtual
		}
		if n := connections.Load(); n != 1 {
			t.Errorf("%d connections in the first minute, want 1", n)
		}
		time.Sleep(3 * time.Second) // virtual
		get()
		if n := connections.Load(); n != 2 {
			t.Errorf("%d connections after it, want 2", n)
		}
		for range 5 {
			time.Sleep(time.Minute) // virtual
			get()
		}
		if n := connections.Load(); n != 7 {
			t.Errorf("%d connections, want 7", n)
		}
		aging.CloseIdleConnections()
	})
}
