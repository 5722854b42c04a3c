// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/client/port"
)

// router sends each request to an instance of the service on a transport of the
// instance's own, and all others on a shared one. An instance's transport has the
// same configuration and another dialer: net/http sees the service's host, and so do
// certificates, proxies and NO_PROXY, while the connection leads to the instance.
type router struct {
	shared      http.RoundTripper
	closeShared func()
	own         ownHost
	base        *url.URL
	cfg         port.PortConfig

	mu     sync.Mutex
	routes map[string]*route // by address
	closed bool
}

// route is the way to one instance.
type route struct {
	http.RoundTripper
	address string
	close   func()

	// The router guards these.
	inFlight int
	isLeft   bool // to be closed after the last request
}

func newRouter(base *url.URL, cfg port.PortConfig) *router {
	r := &router{own: newOwnHost(base), base: base, cfg: cfg, routes: map[string]*route{}}
	r.shared, r.closeShared = NewTransport(base, cfg)
	return r
}

// RoundTrip implements [http.RoundTripper]. A redirect may have led the request away
// from the service.
func (r *router) RoundTrip(req *http.Request) (*http.Response, error) {
	address, ok := port.InstanceOf(req.Context())
	if !ok || req.URL.Scheme != r.own.scheme || !r.own.is(dialAddress(req.URL)) {
		return r.shared.RoundTrip(req)
	}
	return r.route(address).RoundTrip(req)
}

// route returns the way to an instance.
func (r *router) route(address string) *route {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.to(address)
}

// to is route for callers that hold the lock.
func (r *router) to(address string) *route {
	if found := r.routes[address]; found != nil {
		return found
	}
	added := &route{address: address}
	cfg := r.cfg
	cfg.DialContext = r.dialTo(address)
	added.RoundTripper, added.close = NewTransport(r.base, cfg)
	if r.closed {
		added.close()
		return added
	}
	r.routes[address] = added
	return added
}

// dialTo returns a function that connects to an instance in place of the service's
// host. Other addresses are those of proxies.
func (r *router) dialTo(instance string) func(ctx context.Context, network, address string) (net.Conn, error) {
	dial := r.cfg.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		if r.own.is(address) {
			address = instance
		}
		return dial(ctx, network, address)
	}
}

// use keeps the way to an instance open until [passenger.leave].
func (r *router) use(address string, p *passenger) {
	r.mu.Lock()
	defer r.mu.Unlock()
	to := r.to(address)
	to.inFlight++
	to.isLeft = false
	p.router = r
	p.route.Store(to)
}

// passenger is a request that keeps the way to its instance open. The zero value
// keeps none.
type passenger struct {
	router *router
	route  atomic.Pointer[route]
}

// leave may be called repeatedly.
func (p *passenger) leave() {
	if to := p.route.Swap(nil); to != nil {
		p.router.leave(to)
	}
}

func (r *router) leave(to *route) {
	r.mu.Lock()
	to.inFlight--
	isOver := r.removeIfLeft(to)
	r.mu.Unlock()
	if isOver {
		to.close()
	}
}

// closeInstance closes the way to an instance, as soon as no request is in flight
// there.
func (r *router) closeInstance(address string) {
	r.mu.Lock()
	to := r.routes[address]
	isOver := false
	if to != nil {
		to.isLeft = true
		isOver = r.removeIfLeft(to)
	}
	r.mu.Unlock()
	if isOver {
		to.close()
	}
}

// removeIfLeft reports whether a route is to be closed. The caller holds the lock.
func (r *router) removeIfLeft(to *route) bool {
	if !to.isLeft || to.inFlight > 0 || r.routes[to.address] != to {
		return false
	}
	delete(r.routes, to.address)
	return true
}

// close closes all connections and lets no other be made.
func (r *router) close() {
	r.mu.Lock()
	r.closed = true
	routes := r.routes
	r.routes = map[string]*route{}
	r.mu.Unlock()
	r.closeShared()
	for _, to := range routes {
		to.close()
	}
}
