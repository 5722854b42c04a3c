// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/client"
)

// oddServer answers each request, whatever it is, with the bytes that respond
// returns, and closes the connection.
func oddServer(t *testing.T, respond func(n int) string) (url string, requests *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	requests = &atomic.Int32{}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
					_, _ = conn.Write([]byte(respond(int(requests.Add(1)))))
				}
			}()
		}
	}()
	return "http://" + listener.Addr().String(), requests
}

type oddClient struct {
	client.ServiceClient `url:"http://odd.invalid" name:"odd" retry-base-delay:"0s"`

	Get  func(ctx context.Context) (string, error) `get:"/"`
	Post func(ctx context.Context) (string, error) `post:"/"`
}

func TestServersThatBehaveOddly(t *testing.T) {
	headers := func(n, size int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "X-%d: %s\r\n", i, strings.Repeat("x", size))
		}
		return b.String()
	}
	const ok = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine"
	cases := map[string]struct {
		answer   string
		want     string
		attempts int32 // of a GET
	}{
		"as it should be":          {ok, "fine", 1},
		"100 first":                {"HTTP/1.1 100 Continue\r\n\r\n" + ok, "fine", 1},
		"103 first":                {"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok, "fine", 1},
		"300 headers":              {"HTTP/1.1 200 OK\r\n" + headers(300, 10) + "Content-Length: 4\r\n\r\nfine", "fine", 1},
		"headers of 2 MiB":         {"HTTP/1.1 200 OK\r\n" + headers(2, 1<<20) + "\r\nfine", "", 3},
		"a body shorter than told": {"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nfine", "", 3},
		"a body longer than told":  {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nfine", "fi", 1},
		"a chunked body cut off":   {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n9\r\nfi", "", 3},
		"a body until the end":     {"HTTP/1.1 200 OK\r\n\r\nfine", "fine", 1},
		"two lengths":              {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nfine", "", 3},
		"no HTTP":                  {"SSH-2.0-OpenSSH\r\n", "", 3},
		"nothing":                  {"", "", 3},
		"a redirect to itself":     {"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", "", 10},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			url, requests := oddServer(t, func(int) string { return test.answer })
			c := wireBy[oddClient](t, over("odd", url))
			got, err := c.Get(t.Context())
			var e *client.Error
			switch {
			case test.want != "" && (err != nil || got != test.want):
				t.Errorf("got %q, %v", got, err)
			case test.want == "" && !errors.As(err, &e):
				t.Errorf("got %q, %v, want an error", got, err)
			}
			if n := requests.Load(); test.attempts != 10 && n != test.attempts || n > 40 {
				t.Errorf("%d requests, want %d", n, test.attempts)
			}
		})
	}
}

func TestAPostWhoseAnswerIsCutOffIsNotRepeated(t *testing.T) {
	url, requests := oddServer(t, func(int) string { return "HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\nfine" })
	c := wireBy[oddClient](t, over("odd", url))
	if _, err := c.Post(t.Context()); err == nil || requests.Load() != 1 {
		t.Errorf("%d requests, %v", requests.Load(), err)
	}
}
