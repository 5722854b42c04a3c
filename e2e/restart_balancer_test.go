// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"
)

// probeInterval is how long the balancer may be mistaken about a replica.
const probeInterval = 100 * time.Millisecond

// balancer hands connections to the replicas that are ready, in turn. It knows
// nothing of requests: a connection that it cannot hand on is closed.
type balancer struct {
	listener net.Listener
	probes   *http.Client
	wg       sync.WaitGroup

	mu          sync.Mutex
	ready       []*replica
	turn        int
	connections map[net.Conn]struct{}
}

func newBalancer(t *testing.T) *balancer {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	b := &balancer{
		listener: listener, connections: map[net.Conn]struct{}{},
		probes: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: time.Second},
	}
	b.wg.Go(b.accept)
	t.Cleanup(b.close)
	return b
}

// add probes a replica until its process ends, and waits until it is ready.
func (b *balancer) add(t *testing.T, r *replica) {
	t.Helper()
	b.wg.Go(func() {
		tick := time.NewTicker(probeInterval)
		defer tick.Stop()
		for {
			b.set(r, b.isReady(r))
			select {
			case <-tick.C:
			case <-r.exited:
				b.set(r, false)
				return
			}
		}
	})
	await(t, "a replica is ready", func() bool { return b.knows(r) })
}

func (b *balancer) isReady(r *replica) bool {
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, r.actuator+"/health/readiness", nil)
	if err != nil {
		return false
	}
	response, err := b.probes.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (b *balancer) set(r *replica, isReady bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var ready []*replica
	for _, other := range b.ready {
		if other != r {
			ready = append(ready, other)
		}
	}
	if isReady {
		ready = append(ready, r)
	}
	b.ready = ready
}

func (b *balancer) knows(r *replica) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, ready := range b.ready {
		if ready == r {
			return true
		}
	}
	return false
}

func (b *balancer) accept() {
	for {
		incoming, err := b.listener.Accept()
		if err != nil {
			return
		}
		b.wg.Go(func() { b.handOn(incoming) })
	}
}

func (b *balancer) handOn(incoming net.Conn) {
	defer b.track(incoming)()
	address := b.next()
	if address == "" {
		return
	}
	outgoing, err := new(net.Dialer).DialContext(context.Background(), "tcp", address)
	if err != nil {
		return
	}
	defer b.track(outgoing)()
	var copying sync.WaitGroup
	for from, to := range map[net.Conn]net.Conn{incoming: outgoing, outgoing: incoming} {
		copying.Go(func() {
			_, _ = io.Copy(to, from)
			_ = to.(*net.TCPConn).CloseWrite()
		})
	}
	copying.Wait()
}

func (b *balancer) next() (address string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ready) == 0 {
		return ""
	}
	b.turn++
	return b.ready[b.turn%len(b.ready)].address
}

// track lets close cut a connection. The returned function closes it.
func (b *balancer) track(connection net.Conn) (end func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.connections[connection] = struct{}{}
	return func() {
		_ = connection.Close()
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.connections, connection)
	}
}

// close cuts all connections. The replicas have ended by then.
func (b *balancer) close() {
	_ = b.listener.Close()
	b.mu.Lock()
	for connection := range b.connections {
		_ = connection.Close()
	}
	b.mu.Unlock()
	b.wg.Wait()
}
