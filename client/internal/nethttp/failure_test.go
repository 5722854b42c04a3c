// SPDX-License-Identifier: Apache-2.0

package nethttp_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/nettest"
)

// shortly is a limit that is meant to be exceeded.
const shortly = 50 * time.Millisecond

func TestAdapterProvesThatARefusedConnectionSentNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = listener.Close()
	adapter := newAdapter(t, port.PortConfig{BaseURL: "http://" + listener.Addr().String()})
	_, _, err = adapterGet(t, adapter, "/")
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" {
		t.Errorf("got %T %v, want a *net.OpError with Op dial", err, err)
	}
}

func TestAdapterLimitsTheTime(t *testing.T) {
	for name, answer := range map[string]string{
		"before the headers": "",
		"within the headers": "HTTP/1.1 200 OK\r\nContent-Le",
		"before the body":    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
		"within the body":    "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
	} {
		address := nettest.RawServer(t, func(c *net.TCPConn) {
			_, _ = http.ReadRequest(bufio.NewReader(c))
			_, _ = io.WriteString(c, answer)
		})
		t.Run("by Timeout "+name, func(t *testing.T) {
			adapter := newAdapter(t, port.PortConfig{BaseURL: "http://" + address, Timeout: shortly})
			if _, _, err := adapterGet(t, adapter, "/"); !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.DeadlineExceeded", err)
			}
		})
		t.Run("by a context's earlier deadline "+name, func(t *testing.T) {
			adapter := newAdapter(t, port.PortConfig{BaseURL: "http://" + address})
			ctx, cancel := context.WithTimeoutCause(t.Context(), shortly, errors.New("a reason of its own"))
			defer cancel()
			if _, _, err := adapterSend(adapter, adapterRequest(t, ctx, http.MethodGet, "/", nil)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v, want context.DeadlineExceeded", err)
			}
		})
	}
}

func TestAdapterReportsBrokenAnswers(t *testing.T) {
	for name, answer := range map[string]string{
		"closed without an answer": "",
		"no HTTP":                  "hello\r\n\r\n",
		"truncated headers":        "HTTP/1.1 200 OK\r\nContent-Le",
		"truncated body":           "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab",
		"truncated chunk":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
		"no gzip":                  "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nab",
		"endless headers":          "HTTP/1.1 200 OK\r\n" + strings.Repeat("X-A: "+strings.Repeat("a", 1000)+"\r\n", 1100) + "\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			address := nettest.RawServer(t, func(c *net.TCPConn) {
				_, _ = http.ReadRequest(bufio.NewReader(c))
				_, _ = io.WriteString(c, answer)
				_ = c.Close()
			})
			adapter := newAdapter(t, port.PortConfig{BaseURL: "http://" + address})
			if status, body, err := adapterGet(t, adapter, "/"); err == nil {
				t.Errorf("got %d %q and no error", status, body)
			}
			if err := adapter.Stop(t.Context()); err != nil {
				t.Errorf("the failed request is still in flight: %v", err)
			}
		})
	}
}

func TestAdapterDoesNotRepeatAPostWhoseConnectionWasReset(t *testing.T) {
	var requests atomic.Int32
	address := nettest.RawServer(t, func(c *net.TCPConn) {
		r := bufio.NewReader(c)
		for {
			if _, err := http.ReadRequest(r); err != nil {
				return
			}
			if requests.Add(1) > 1 {
				_ = c.SetLinger(0)
				_ = c.Close()
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 204 No Content\r\n\r\n")
		}
	})
	adapter := newAdapter(t, port.PortConfig{BaseURL: "http://" + address})
	if _, _, err := adapterGet(t, adapter, "/"); err != nil {
		t.Fatal(err) // the connection is now one of the pool
	}
	req := adapterRequest(t, t.Context(), http.MethodPost, "/", nil)
	if _, _, err := adapterSend(adapter, req); err == nil {
		t.Error("no error came")
	}
	if n := requests.Load(); n != 2 {
		t.Errorf("the server saw %d requests, want 2", n)
	}
}

func TestAdapterLimitsDecodedBytes(t *testing.T) {
	server := adapterServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		bomb := gzip.NewWriter(w)
		_, _ = io.CopyN(bomb, zeroReader{}, 64<<20)
		_ = bomb.Close()
	})
	adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL, MaxResponseSize: 1 << 20})
	_, body, err := adapterGet(t, adapter, "/")
	if !errors.Is(err, port.ErrTooLarge) || len(body) != 1<<20 {
		t.Errorf("read %d bytes and got %v; want 1 MiB and ErrTooLarge", len(body), err)
	}
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestAdapterLimitsTheSizeExactly(t *testing.T) {
	server := adapterServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "12345") })
	for limit, want := range map[int64]error{4: port.ErrTooLarge, 5: nil, 6: nil, -1: nil, 0: nil} {
		adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL, MaxResponseSize: limit})
		response, err := adapter.Request(adapterRequest(t, t.Context(), http.MethodGet, "/", nil))
		if err != nil {
			t.Fatal(err)
		}
		var body []byte
		for one := make([]byte, 1); err == nil; {
			var n int
			n, err = response.Body.Read(one)
			body = append(body, one[:n]...)
		}
		if err == io.EOF {
			err = nil
		}
		if !errors.Is(err, want) || want == nil && string(body) != "12345" {
			t.Errorf("limit %d: read %q, %v; want %v", limit, body, err, want)
		}
		if _, again := response.Body.Read(make([]byte, 1)); want != nil && !errors.Is(again, want) {
			t.Errorf("limit %d: reading on: %v, want %v", limit, again, want)
		}
		_ = response.Body.Close()
	}
}
