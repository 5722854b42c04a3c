// SPDX-License-Identifier: Apache-2.0

// Package memnet is a network in memory, with the faults of a real one: names
// that are unknown, connections that are refused, take their time, are cut after
// any byte, or are closed without the other end noticing. It starts no goroutine
// that is blocked by anything but locks, channels and time, so that it runs in a
// bubble of testing/synctest.
package memnet

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
	"time"
)

// Fate is what happens to a connection.
type Fate struct {
	Delay   time.Duration // until it is made, or known not to be
	Unknown bool          // the name cannot be looked up
	Refuse  bool          // nobody listens
	CutUp   int           // bytes from the client after which it is cut; negative: never
	CutDown int           // likewise, from the server
	Linger  time.Duration // until the client notices that the server has closed it
}

// Network connects clients with listeners by address: "own:80".
type Network struct {
	// Fate decides what happens to the nth connection to an address, counted
	// from 1, that a request with the given context asks for. Nil means that
	// nothing goes wrong.
	Fate func(ctx context.Context, address string, n int) Fate

	mu        sync.Mutex
	listeners map[string]*Listener
	dials     map[string]int
	open      map[string]int
}

// Listen returns a listener for an address. It takes the place of one that was
// there before.
func (n *Network) Listen(host string) *Listener {
	l := &Listener{network: n, host: host, arrivals: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners == nil {
		n.listeners = map[string]*Listener{}
	}
	n.listeners[host] = l
	return l
}

// DialContext connects to the listener of an address.
func (n *Network) DialContext(ctx context.Context, network, host string) (net.Conn, error) {
	fate := n.begin(ctx, host)
	fail := func(err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: address(host), Err: err}
	}
	if err := sleep(ctx, fate.Delay); err != nil {
		return fail(err)
	}
	n.mu.Lock()
	l := n.listeners[host]
	n.mu.Unlock()
	switch {
	case fate.Unknown:
		return fail(&net.DNSError{Err: "no such host", Name: host, IsNotFound: true})
	case l == nil || fate.Refuse:
		return fail(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	}
	client, server := connect(host, fate)
	n.count(host, client)
	select {
	case l.arrivals <- server:
		return client, nil
	case <-l.closed:
		_ = client.Close()
		return fail(os.NewSyscallError("connect", syscall.ECONNREFUSED))
	case <-ctx.Done():
		_ = client.Close()
		return fail(ctx.Err())
	}
}

// begin counts a dial and returns its fate.
func (n *Network) begin(ctx context.Context, host string) Fate {
	n.mu.Lock()
	if n.dials == nil {
		n.dials = map[string]int{}
	}
	n.dials[host]++
	nth := n.dials[host]
	n.mu.Unlock()
	if n.Fate == nil {
		return Fate{CutUp: -1, CutDown: -1}
	}
	return n.Fate(ctx, host, nth)
}

// count counts a connection as open until its client's end is closed.
func (n *Network) count(host string, client *conn) {
	n.add(host, 1)
	client.closed = func() { n.add(host, -1) }
}

func (n *Network) add(host string, change int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open == nil {
		n.open = map[string]int{}
	}
	n.open[host] += change
}

// Open returns how many connections clients have not closed, by address.
func (n *Network) Open() map[string]int {
	n.mu.Lock()
	defer n.mu.Unlock()
	open := map[string]int{}
	for host, count := range n.open {
		if count != 0 {
			open[host] = count
		}
	}
	return open
}

// Dials returns how many connections to an address clients have asked for.
func (n *Network) Dials(host string) int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dials[host]
}

func (n *Network) forget(l *Listener) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.listeners[l.host] == l {
		delete(n.listeners, l.host)
	}
}

// Listener accepts the connections to an address.
type Listener struct {
	network  *Network
	host     string
	arrivals chan net.Conn
	closed   chan struct{}
	once     sync.Once
}

// Accept implements [net.Listener].
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.arrivals:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener]: further connections are refused.
func (l *Listener) Close() error {
	l.once.Do(func() {
		l.network.forget(l)
		close(l.closed)
	})
	return nil
}

// Addr implements [net.Listener].
func (l *Listener) Addr() net.Addr { return address(l.host) }

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
