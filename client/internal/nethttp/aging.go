// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// agingTransport takes a new [http.Transport], and with it new connections, when
// the old one's have reached their age. Requests under way keep theirs; nobody
// else gets them, so that they close after their idle time at the latest.
type agingTransport struct {
	maxAge  time.Duration
	current atomic.Pointer[generation]
	mu      sync.Mutex
	retired []*http.Transport // that may have connections yet
}

type generation struct {
	*http.Transport
	begun time.Time
}

func newAgingTransport(first *http.Transport, maxAge time.Duration) *agingTransport {
	t := &agingTransport{maxAge: maxAge}
	t.current.Store(&generation{first, time.Now()})
	return t
}

// RoundTrip implements [http.RoundTripper].
func (t *agingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	g := t.current.Load()
	if time.Since(g.begun) >= t.maxAge {
		g = t.renew(g)
	}
	return g.RoundTrip(req)
}

// renew is called by all that have found a generation too old; one renews it.
func (t *agingTransport) renew(old *generation) *generation {
	next := &generation{old.Clone(), time.Now()}
	if !t.current.CompareAndSwap(old, next) {
		return t.current.Load()
	}
	old.CloseIdleConnections()
	t.mu.Lock()
	defer t.mu.Unlock()
	const kept = 2 // an older one's connections have long been idle, or are a stream's
	t.retired = append(t.retired, old.Transport)
	if len(t.retired) > kept {
		t.retired[0].CloseIdleConnections()
		t.retired = t.retired[1:]
	}
	return next
}

// CloseIdleConnections closes those of all generations.
func (t *agingTransport) CloseIdleConnections() {
	t.current.Load().CloseIdleConnections()
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, old := range t.retired {
		old.CloseIdleConnections()
	}
}
