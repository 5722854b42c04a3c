// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/lifecycle"
)

// ServerProperties are the settings below "server".
type ServerProperties struct {
	Address        string        `koanf:"address" default:":8080"`
	RequestTimeout time.Duration `koanf:"request-timeout" default:"2s"` // of a request, unless its caller waits less
}

// Validate implements config.Validator.
func (p *ServerProperties) Validate() error {
	if p.RequestTimeout <= 0 {
		return errors.New("request-timeout: must be positive")
	}
	return nil
}

// HTTPServer serves the orders.
type HTTPServer struct {
	log      *slog.Logger
	http     *http.Server
	listener net.Listener
	isEnding atomic.Bool // the shutdown has begun

	served   chan struct{} // closed when serving has ended
	serveErr error         // why, unless that was Stop
}

// NewHTTPServer is the constructor that the application context calls.
func NewHTTPServer(p *ServerProperties, orders *Orders, events *lifecycle.Events, log *slog.Logger) *HTTPServer {
	s := &HTTPServer{log: log, served: make(chan struct{})}
	s.http = &http.Server{
		Addr:              p.Address,
		Handler:           s.closingConnections(inbound(p.RequestTimeout, orders.Handler())),
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       time.Minute,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	lifecycle.Subscribe(events, func(lifecycle.ShutdownStarted) { s.isEnding.Store(true) })
	return s
}

// Phase starts the server after all other beans, and stops it before them, so
// that the beans that handlers use exist until the last handler has returned.
func (*HTTPServer) Phase() int { return 100 }

// Start listens. If the port is in use, the start of the application fails.
func (s *HTTPServer) Start(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.http.Addr)
	if err != nil {
		return err
	}
	s.listener = listener
	go func() {
		defer close(s.served)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.serveErr = fmt.Errorf("the service does not accept connections any more: %w", err)
		}
	}()
	s.log.Info("the service listens", "url", s.URL())
	return nil
}

// Run returns when serving ends. Its error stops the application.
func (s *HTTPServer) Run(ctx context.Context) error {
	select {
	case <-s.served:
		return s.serveErr
	case <-ctx.Done():
		return nil
	}
}

// Stop lets running requests finish within its time limit, and then cancels
// them.
func (s *HTTPServer) Stop(ctx context.Context) error {
	err := s.http.Shutdown(ctx)
	if err != nil {
		err = errors.Join(fmt.Errorf("requests were cut: %w", err), s.http.Close())
	}
	<-s.served
	return err
}

// URL returns the address of the service, after Start.
func (s *HTTPServer) URL() string {
	_, port, _ := net.SplitHostPort(s.listener.Addr().String())
	return "http://localhost:" + port
}

// closingConnections closes each connection after its next response once the
// shutdown has begun. A load balancer that distributes connections, such as a
// Kubernetes service, keeps existing ones; their clients then open new
// connections, which lead to other pods. Idle connections stay open, because a
// request may already have been sent.
func (s *HTTPServer) closingConnections(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.isEnding.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
