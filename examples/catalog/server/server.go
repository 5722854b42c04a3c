// SPDX-License-Identifier: Apache-2.0

package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Server is the service. Its methods are safe for concurrent use.
type Server struct {
	address  string
	products *products
	payments *payments
	faults   *faults
	handler  http.Handler

	mu      sync.Mutex
	http    *http.Server
	url     string
	serving chan error
}

// Option configures a [Server].
type Option func(*Server)

// WithAddress listens at host:port instead of a free port of the loopback
// interface.
func WithAddress(address string) Option {
	return func(s *Server) { s.address = address }
}

// New makes a service with the products of the embedded data file.
func New(opts ...Option) *Server {
	s := &Server{address: "127.0.0.1:0", products: newProducts(), payments: newPayments(), faults: &faults{}}
	for _, opt := range opts {
		opt(s)
	}
	s.handler = s.routes()
	return s
}

func (s *Server) routes() http.Handler {
	guarded := http.NewServeMux()
	s.products.register(guarded)
	s.payments.register(guarded)
	for _, path := range []string{"/products", "/products/{id}", "/payments", "/payments/{id}"} {
		guarded.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			writeProblem(w, http.StatusMethodNotAllowed, r.Method+" is not allowed here")
		})
	}
	guarded.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		writeProblem(w, http.StatusNotFound, "there is nothing at "+r.URL.Path)
	})

	mux := http.NewServeMux()
	s.faults.register(mux)
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, map[string]string{"status": "UP"})
	})
	mux.Handle("/", s.faults.guard(http.MaxBytesHandler(guarded, maxBody)))
	return mux
}

const maxBody = 1 << 20

// Handler returns the service as a handler, without a listener.
func (s *Server) Handler() http.Handler { return s.handler }

// Start listens and serves until Stop. A port that is taken is an error.
func (s *Server) Start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http != nil {
		return errors.New("the service is started already")
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("the service cannot listen: %w", err)
	}
	s.http = &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       time.Minute,
	}
	s.url = "http://" + listener.Addr().String()
	s.serving = make(chan error, 1)
	go func(serving chan<- error, server *http.Server) { serving <- server.Serve(listener) }(s.serving, s.http)
	return nil
}

// URL returns where the service listens, or "" when it does not.
func (s *Server) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// Stop lets requests finish until ctx is done. Stopping a service that is not
// started is no error.
func (s *Server) Stop(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.http == nil {
		return nil
	}
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	if served := <-s.serving; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.http, s.url = nil, ""
	return err
}

// SetFault makes the service misbehave from the next request on.
func (s *Server) SetFault(f Fault) error { return s.faults.set(f) }

// Payments returns the payments that were executed, in order: a repeated
// request with the same Idempotency-Key is executed once.
func (s *Server) Payments() []Payment { return s.payments.all() }
