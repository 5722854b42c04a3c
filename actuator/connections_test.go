// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestTenThousandConnectionsHeldOpenDisturbNobody holds connections of which
// some say nothing, some begin a request and never end it, and some asked once.
func TestTenThousandConnectionsHeldOpenDisturbNobody(t *testing.T) {
	const most = 100
	r := run(t, map[string]any{"pyfly.actuator.max-connections": most})
	address := strings.TrimSuffix(strings.TrimPrefix(r.url, "http://"), "/actuator")
	total := heldConnections(t)
	held := make([]net.Conn, 0, total)
	defer func() {
		for _, c := range held {
			_ = c.Close()
		}
	}()
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	for i := range total {
		c, err := dialer.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatalf("connection %d: %v", i, err)
		}
		held = append(held, c)
		switch i % 3 {
		case 1:
			_, _ = io.WriteString(c, "GET /actuator/health HTTP/1.1\r\nHost: loc") // it may be closed already
		case 2:
			_, _ = io.WriteString(c, "GET /actuator/health/liveness HTTP/1.1\r\nHost: localhost\r\n\r\n")
		}
		if i%(total/10) == 0 {
			probe(t, r.url)
		}
	}
	probe(t, r.url)
	if _, err := r.Get(t.Context(), "1"); err != nil {
		t.Error(err)
	}
	for range 100 { // what the server has closed arrives a little later
		held = slices.DeleteFunc(held, isClosed)
		if len(held) <= most {
			return
		}
	}
	t.Errorf("%d connections are held", len(held))
}

// heldConnections is 10,000, or what the limit of open files allows: each takes
// two here.
func heldConnections(t *testing.T) int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Skip(err)
	}
	return int(min(10_000, (limit.Cur-500)*2/3)) // the server closes its end soon
}

func probe(t *testing.T, url string) {
	t.Helper()
	begun := time.Now()
	if a := get(t, url+"/health/liveness"); a.status != http.StatusOK {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("a probe took %s", took)
	}
}

// isClosed reads what has been answered, until there is nothing more or the end,
// and closes the other end as well.
func isClosed(c net.Conn) bool {
	_ = c.SetReadDeadline(time.Now().Add(time.Millisecond))
	_, err := io.Copy(io.Discard, c)
	var timeout net.Error
	isOpen := errors.As(err, &timeout) && timeout.Timeout()
	if !isOpen {
		_ = c.Close()
	}
	return !isOpen
}

// What keeps a connection without a whole request, or without a reader.
var holders = map[string]string{
	"nothing":                     "",
	"the beginning of a header":   "GET /actuator/health HTTP/1.1\r\nHost: loc",
	"a header and no body":        "POST /actuator/circuitbreakers/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n",
	"a header of GET and no body": "GET /actuator/health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n",
	"a body in pieces":            "POST /actuator/circuitbreakers/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
	"a request for a continue":    "POST /actuator/circuitbreakers/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\nExpect: 100-continue\r\n\r\n",
	"answers that nobody reads":   strings.Repeat("GET /actuator/console/vendor/cytoscape.js HTTP/1.1\r\nHost: localhost\r\n\r\n", 100),
	"health that nobody reads":    strings.Repeat("GET /actuator/health HTTP/1.1\r\nHost: localhost\r\n\r\n", 1000),
}

func TestNobodyKeepsAProbeOut(t *testing.T) {
	for name, text := range holders {
		for where, settings := range map[string]map[string]any{
			"on loopback": {"pyfly.actuator.max-connections": 50}, "beyond it": {"pyfly.actuator.max-connections": 50, "pyfly.actuator.address": "0.0.0.0"},
		} {
			t.Run(name+" "+where, func(t *testing.T) {
				r := run(t, settings)
				url := strings.Replace(r.url, "0.0.0.0", "127.0.0.1", 1)
				hold(t, url, 120, text)
				for _, group := range []string{"liveness", "readiness", ""} {
					begun := time.Now()
					if a := get(t, strings.TrimSuffix(url+"/health/"+group, "/")); a.status != http.StatusOK {
						t.Errorf("%s: %d %s", group, a.status, a.body)
					}
					if took := time.Since(begun); took > 3*time.Second {
						t.Errorf("%s took %s", group, took)
					}
				}
			})
		}
	}
}

func TestHeldConnectionsDoNotHoldUpTheStop(t *testing.T) {
	app := newApp(nil)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	url := serverOf(app).URL()
	hold(t, url, 3, holders["answers that nobody reads"])
	probe(t, url)
	begun := time.Now()
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 8*time.Second {
		t.Errorf("the stop took %s", took)
	}
}

// hold opens connections, side by side, which send a text and read nothing.
func hold(t *testing.T, url string, total int, text string) {
	t.Helper()
	address := strings.TrimSuffix(strings.TrimPrefix(url, "http://"), "/actuator")
	for range total {
		c, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetReadBuffer(4096) // so that little is read on behalf of it
		}
		var written sync.WaitGroup
		written.Go(func() { _, _ = io.WriteString(c, text) }) // until it is closed
		t.Cleanup(func() { _ = c.Close(); written.Wait() })
		if len(text) < 1000 {
			written.Wait()
		}
	}
}

func TestStreamsLeaveRoomForOthers(t *testing.T) {
	r := run(t, map[string]any{"pyfly.actuator.max-connections": 2})
	first, second := follow(t, r.url), follow(t, r.url)
	first.await("hello", any1)
	second.await("hello", any1)
	if a := get(t, r.url+"/events"); a.status != http.StatusServiceUnavailable {
		t.Errorf("a third stream: %d %s", a.status, a.body)
	}
	hold(t, r.url, 20, holders["answers that nobody reads"])
	for _, path := range []string{"/health/liveness", "/health/readiness", "/beans"} {
		if a := get(t, r.url+path); a.status != http.StatusOK {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	first.await("tick", any1)
	second.await("tick", any1)
}
