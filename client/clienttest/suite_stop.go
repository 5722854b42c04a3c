// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/pyfly-go/pyfly/client/port"
)

// stopCases are the rules for stopping a port.
func stopCases() []conformanceCase {
	return []conformanceCase{
		{"a port that was never started can be stopped", checkStopUnstarted},
		{"a port can be stopped twice", checkStopTwice},
		{"requests after Stop are ErrStopped", checkRequestAfterStop},
		{"Stop waits for requests in flight", checkStopWaits},
		{"Stop cuts requests in flight when its context is done", checkStopCuts},
	}
}

func checkStopUnstarted(t *trial) error {
	adapter, err := t.factory(port.PortConfig{Name: "suite-client", BaseURL: "http://127.0.0.1:1"})
	if err != nil {
		return err
	}
	return t.stop(t.ctx, adapter)
}

func checkStopTwice(t *trial) error {
	adapter, err := t.serve(func(http.ResponseWriter, *http.Request) {}, port.PortConfig{})
	if err != nil {
		return err
	}
	_, err = t.fetch(t.ctx, adapter, "/")
	return errors.Join(err, t.stop(t.ctx, adapter), t.stop(t.ctx, adapter))
}

func checkRequestAfterStop(t *trial) error {
	adapter, err := t.serve(func(http.ResponseWriter, *http.Request) {}, port.PortConfig{})
	if err != nil {
		return err
	}
	if err := t.stop(t.ctx, adapter); err != nil {
		return fmt.Errorf("Stop: %w", err)
	}
	_, err = t.fetch(t.ctx, adapter, "/")
	return wantError(err, port.ErrStopped)
}

// slowServer serves /slow, which signals that it was called and then waits
// until it is released. It serves other paths at once.
type slowServer struct{ called, release chan struct{} }

func newSlowServer() *slowServer {
	return &slowServer{called: make(chan struct{}, 1), release: make(chan struct{})}
}

func (s *slowServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/slow" {
		return
	}
	s.called <- struct{}{}
	select {
	case <-s.release:
		_, _ = io.WriteString(w, "the answer")
	case <-r.Context().Done():
	}
}

// inFlight sends a request and returns when the server has received it.
func (s *slowServer) inFlight(t *trial, adapter port.HttpClientPort) (<-chan result, error) {
	results := make(chan result, 1)
	go func() {
		got, err := t.fetch(t.ctx, adapter, "/slow")
		results <- result{got, err}
	}()
	select {
	case <-s.called:
		return results, nil
	case r := <-results:
		return nil, fmt.Errorf("the request ended before the server received it: %w", r.err)
	}
}

func checkStopWaits(t *trial) error {
	s := newSlowServer()
	adapter, err := t.serve(s.ServeHTTP, port.PortConfig{})
	if err != nil {
		return err
	}
	results, err := s.inFlight(t, adapter)
	if err != nil {
		return err
	}
	stopped := make(chan error, 1)
	go func() { stopped <- t.stop(t.ctx, adapter) }()
	// New requests are rejected once Stop has begun.
	for err == nil {
		_, err = t.fetch(t.ctx, adapter, "/fast")
	}
	if err := wantError(err, port.ErrStopped); err != nil {
		return fmt.Errorf("a request made during Stop: %w", err)
	}
	select {
	case err := <-stopped:
		return fmt.Errorf("Stop returned while a request was in flight: %v", err)
	default:
	}
	close(s.release)
	r := <-results
	if r.err != nil {
		return fmt.Errorf("the request in flight failed: %w", r.err)
	}
	return errors.Join(differs("body", r.body, "the answer"), <-stopped)
}

func checkStopCuts(t *trial) error {
	s := newSlowServer()
	adapter, err := t.serve(s.ServeHTTP, port.PortConfig{})
	if err != nil {
		return err
	}
	results, err := s.inFlight(t, adapter)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	_ = t.stop(ctx, adapter) // may report cancelled requests
	r := <-results
	if t.ctx.Err() != nil {
		return fmt.Errorf("the request in flight was not cancelled within %s", t.patience)
	}
	if r.err == nil {
		return errors.New("the request in flight got a response that the server did not send")
	}
	return nil
}
