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

const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 30 * time.Second
	writeTimeout      = 30 * time.Second // counted anew after the delay of a slow answer
	idleTimeout       = time.Minute
)

// listener is the service from one start to its stop.
type listener struct {
	url         string
	http        *http.Server
	connections sync.WaitGroup
	served      chan error         // what Serve returned
	cut         context.CancelFunc // ends the contexts of all requests
}

func listen(ctx context.Context, address string, handler http.Handler) (*listener, error) {
	// Listen may succeed although ctx is done already.
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("the service was not started: %w", err)
	}
	var config net.ListenConfig
	socket, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the service cannot listen: %w", err)
	}
	base, cut := context.WithCancel(context.WithoutCancel(ctx))
	l := &listener{url: "http://" + socket.Addr().String(), served: make(chan error, 1), cut: cut}
	l.http = &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		BaseContext:       func(net.Listener) context.Context { return base },
		ConnState:         l.track,
	}
	go func() { l.served <- l.http.Serve(socket) }()
	return l, nil
}

// track counts the connections: [http.Server.Close] does not wait for the
// goroutines that serve them.
func (l *listener) track(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		l.connections.Add(1)
	case http.StateClosed:
		l.connections.Done()
	}
}

func (l *listener) stop(ctx context.Context) error {
	err := l.http.Shutdown(ctx)
	l.cut()
	if err != nil {
		err = errors.Join(fmt.Errorf("the service was stopped with requests in flight: %w", err), l.http.Close())
	}
	if served := <-l.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	l.connections.Wait()
	return err
}
