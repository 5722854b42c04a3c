// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// Server serves the endpoints. [Module] installs it into an application
// context. The context starts it before all other beans, so that probes can see
// a slow start, and stops it after them.
type Server struct {
	app       *container.ApplicationContext
	settings  *Settings
	logger    *slog.Logger
	endpoints *endpoints
	handler   http.Handler
	hub       *hub

	http        *http.Server
	listener    net.Listener
	served      chan struct{}
	unsubscribe func()
}

// The limits of a request. Streams have their own limits.
const (
	headerTimeout  = 5 * time.Second
	requestTimeout = 10 * time.Second
	bodyTimeout    = 2 * time.Second // for a body, from the end of the headers
	answerTimeout  = 30 * time.Second
	idleTimeout    = time.Minute
	stopTimeout    = 3 * time.Second
	maxHeaderBytes = 16 << 10
)

func newServer(app *container.ApplicationContext, s *Settings, logger *slog.Logger, i *indicators, m *metrics, meters metric.MeterProvider) *Server {
	if meters != metric.MeterProvider(m.provider) {
		logger.Info("the application has its own MeterProvider: /prometheus and the console have no metrics of clients")
	}
	h, hub := newHealth(app, s, i), newHub(app, s, m.latencies)
	e := &endpoints{app: app, settings: s, guard: newGuard(s), health: h, metrics: m, hub: hub}
	return &Server{app: app, settings: s, logger: logger, endpoints: e, handler: e.handler(), hub: hub}
}

// Phase returns the first phase.
func (*Server) Phase() int { return math.MinInt32 }

// Handler serves the endpoints below /actuator. Mount it in the application's
// own server, with the setting port -1, which disables the actuator's listener.
// It can be used between Start and Stop. It is safe for concurrent use.
func (s *Server) Handler() http.Handler { return s.handler }

// Start starts to listen. It returns an error if it cannot, or if the settings
// name unknown health components. With the setting port -1 it does not listen.
func (s *Server) Start(ctx context.Context) error {
	if err := s.endpoints.health.checkGroups(); err != nil {
		return err
	}
	if s.settings.listens() {
		if err := s.listen(ctx); err != nil {
			return err
		}
	}
	s.unsubscribe = lifecycle.Subscribe(s.app.Events(), func(c config.Changed) { s.endpoints.changed.Store(c.Config) })
	s.hub.start()
	if s.listener != nil {
		s.serve(s.listener)
	}
	return nil
}

// listen creates the listener and its server.
func (s *Server) listen(ctx context.Context) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.settings.listenAddress())
	if err != nil {
		return s.cannotListen(err)
	}
	connections := newConnections(s.settings.MaxConnections)
	s.listener, s.served = listener, make(chan struct{})
	s.http = &http.Server{
		Handler:           connections.around(s.handler),
		ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, WriteTimeout: answerTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ConnState:      connections.changed, ConnContext: connections.context,
		ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelDebug),
	}
	return nil
}

// serve serves the endpoints until the server is shut down.
func (s *Server) serve(listener net.Listener) {
	go func() {
		defer close(s.served)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.logger.Error("the actuator has stopped serving", "error", err)
		}
	}()
	args := []any{"url", s.URL()}
	if s.settings.Console {
		args = append(args, "console", s.URL()+"/console")
	}
	s.logger.Info("the actuator is listening", args...)
}

func (s *Server) cannotListen(err error) error {
	cfg := s.app.Config()
	key, want := prefix+".port", "write a free port, or 0 for any"
	var wrong *net.AddrError
	var unknown *net.DNSError
	if errors.As(err, &wrong) || errors.As(err, &unknown) || strings.Contains(err.Error(), "cannot assign requested address") {
		key, want = prefix+".address", "write an address of this machine, such as 127.0.0.1 or 0.0.0.0"
	}
	var operation *net.OpError
	if errors.As(err, &operation) {
		err = operation.Err
	}
	return &config.Error{
		Origin: cfg.Origin(key), Key: key, Value: s.settings.listenAddress(), Err: err,
		Message: fmt.Sprintf("the actuator cannot listen at %s: %v", s.settings.listenAddress(), err), Want: want,
	}
}

// URL returns the address of the endpoints, such as
// "http://127.0.0.1:9464/actuator". It is still valid after Stop. It is empty
// before Start, and without a listener.
func (s *Server) URL() string {
	if s.listener == nil {
		return ""
	}
	host, port, _ := net.SplitHostPort(s.listener.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + basePath
}

// Stop ends the streams and waits for running requests until ctx is done, but
// at most 3 seconds, because a client may hold a connection open.
func (s *Server) Stop(ctx context.Context) error {
	if s.unsubscribe == nil {
		return nil
	}
	s.unsubscribe()
	s.unsubscribe = nil
	s.hub.stop()
	if s.http == nil {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, stopTimeout)
	defer cancel()
	err := s.http.Shutdown(limited)
	if err != nil {
		err = errors.Join(ctx.Err(), s.http.Close())
	}
	<-s.served
	s.http = nil
	return err
}
