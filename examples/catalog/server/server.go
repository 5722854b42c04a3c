// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
)

// Server is the service. Its methods are safe for concurrent use.
type Server struct {
	address  string
	products *products
	payments *payments
	faults   *faults
	requests map[string]*atomic.Int64 // by route; not changed after New
	handler  http.Handler
	dataErr  error // the embedded data file cannot be read

	lifecycle sync.Mutex // held while starting or stopping
	running   atomic.Pointer[listener]
}

// Option configures a [Server].
type Option func(*Server)

// WithAddress listens at host:port instead of a free port of the loopback
// interface.
func WithAddress(address string) Option {
	return func(s *Server) { s.address = address }
}

// New returns a service with the products of the embedded data file. It does
// not listen before [Server.Start].
func New(opts ...Option) *Server {
	inventory, err := newInventory(productsJSON)
	s := &Server{
		address:  "127.0.0.1:0",
		products: &products{inventory},
		payments: newPayments(),
		faults:   newFaults(),
		requests: map[string]*atomic.Int64{},
		dataErr:  err,
	}
	for _, opt := range opts {
		opt(s)
	}
	s.handler = s.router()
	return s
}

// Handler returns the service as a handler, without a listener. A fault of
// [ModeDrop] makes it panic with [http.ErrAbortHandler], as net/http asks of
// handlers that cut their connection.
func (s *Server) Handler() http.Handler { return s.handler }

// Start listens, and serves in the background until [Server.Stop]. ctx limits
// only the start. If the address is in use, the error is that of the net
// package. Starting a running service is an error.
func (s *Server) Start(ctx context.Context) error {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()
	if s.dataErr != nil {
		return s.dataErr
	}
	if s.running.Load() != nil {
		return errors.New("the service is started already: stop it first")
	}
	running, err := listen(ctx, s.address, s.handler)
	if err != nil {
		return err
	}
	s.running.Store(running)
	return nil
}

// URL returns the address of the service, such as "http://127.0.0.1:40123", or
// "" if it is not listening.
func (s *Server) URL() string {
	if running := s.running.Load(); running != nil {
		return running.url
	}
	return ""
}

// Stop rejects new connections and lets requests finish until ctx is done; then
// it cancels them and returns ctx's error. No goroutine is left when it
// returns. Stopping a service that is not running is not an error. The service
// may be started again.
func (s *Server) Stop(ctx context.Context) error {
	s.lifecycle.Lock()
	defer s.lifecycle.Unlock()
	running := s.running.Swap(nil)
	if running == nil {
		return nil
	}
	return running.stop(ctx)
}

// SetFault makes the service misbehave from the next request on. An invalid
// fault is an error and changes nothing.
func (s *Server) SetFault(f Fault) error { return s.faults.set(f) }

// Payments returns the payments that were executed, in order: a repeated
// request with the same Idempotency-Key is executed once.
func (s *Server) Payments() []Payment { return s.payments.all() }

// Requests returns the number of requests for each route, such as "POST
// /payments", including those with a fault. HEAD counts as GET; requests
// without a route count as [OtherRequests].
func (s *Server) Requests() map[string]int64 {
	counts := make(map[string]int64, len(s.requests))
	for route, n := range s.requests {
		counts[route] = n.Load()
	}
	return counts
}
