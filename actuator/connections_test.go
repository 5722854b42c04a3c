// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
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

func TestWhenAllConnectionsAreAtWorkANewOneIsClosed(t *testing.T) {
	r := run(t, map[string]any{"pyfly.actuator.max-connections": 2})
	first, second := follow(t, r.url), follow(t, r.url)
	first.await("hello", any1)
	second.await("hello", any1)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/health", nil)
	if err != nil {
		t.Fatal(err)
	}
	if response, err := httpClient.Do(request); err == nil {
		_ = response.Body.Close()
		t.Error("a third connection was served")
	}
	second.cancel()
	for range 1000 {
		request, _ := http.NewRequestWithContext(context.Background(), http.MethodGet, r.url+"/health", nil)
		if response, err := httpClient.Do(request); err == nil {
			_ = response.Body.Close()
			return
		}
	}
	t.Error("the place does not become free")
}
