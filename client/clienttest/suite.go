// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

// RunPortSuite checks, with one subtest per rule, that the ports of a factory
// keep the contract of [port.HttpClientPort], against real servers on loopback.
// The suite accepts every choice that the contract permits: a port may read a
// body before it returns the response, and then return an error from Request
// where another port returns it from reading the body.
func RunPortSuite(t *testing.T, factory port.HttpClientFactory) {
	t.Helper()
	for _, c := range conformance() {
		t.Run(c.statement, func(t *testing.T) {
			if err := c.checkPort(factory, promptly); err != nil {
				t.Error(err)
			}
		})
	}
}

// conformanceCase is one rule for ports. Its check returns what is wrong, so
// that the check itself can be tested with broken ports.
type conformanceCase struct {
	statement string
	check     func(*trial) error
}

func conformance() []conformanceCase {
	var all []conformanceCase
	all = append(all, requestCases()...)
	all = append(all, instanceCases()...)
	all = append(all, answerCases()...)
	all = append(all, failureCases()...)
	return append(all, stopCases()...)
}

// promptly is the time within which a port must react. It is generous for slow
// machines: only a port that does not react reaches it.
const promptly = 10 * time.Second

func (c conformanceCase) checkPort(factory port.HttpClientFactory, patience time.Duration) error {
	t := &trial{factory: factory, patience: patience}
	defer t.close()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.ctx = ctx
	t.atEnd(cancel)
	return c.check(t)
}

// trial is the environment of one check.
type trial struct {
	ctx      context.Context // done after patience
	patience time.Duration
	factory  port.HttpClientFactory
	cleanups []func()
}

func (t *trial) atEnd(f func()) { t.cleanups = append(t.cleanups, f) }

func (t *trial) close() {
	for i := len(t.cleanups) - 1; i >= 0; i-- {
		t.cleanups[i]()
	}
}

// server starts a server that is closed at the end of the trial.
func (t *trial) server(h http.HandlerFunc) *httptest.Server {
	s := httptest.NewServer(h)
	t.atEnd(func() {
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// port creates and starts a port that is stopped at the end of the trial.
func (t *trial) port(cfg port.PortConfig) (port.HttpClientPort, error) {
	if cfg.Name == "" {
		cfg.Name = "suite-client"
	}
	adapter, err := t.factory(cfg)
	if err != nil {
		return nil, fmt.Errorf("the factory failed: %w", err)
	}
	if adapter == nil {
		return nil, errors.New("the factory returned no port and no error")
	}
	if err := adapter.Start(t.ctx); err != nil {
		return nil, fmt.Errorf("Start: %w", err)
	}
	t.atEnd(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = t.stop(ctx, adapter)
	})
	return adapter, nil
}

// serve starts a server and creates a port for it.
func (t *trial) serve(h http.HandlerFunc, cfg port.PortConfig) (port.HttpClientPort, error) {
	cfg.BaseURL = t.server(h).URL + cfg.BaseURL
	return t.port(cfg)
}

// received is a response with its whole body.
type received struct {
	status int
	header http.Header
	body   string
}

// newRequest returns a request for a port. The target is path and query.
func newRequest(ctx context.Context, verb, target, body string) (*http.Request, error) {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	return http.NewRequestWithContext(ctx, verb, target, reader)
}

// fetch sends a request and reads the body of the response.
func (t *trial) fetch(ctx context.Context, adapter port.HttpClientPort, target string) (received, error) {
	req, err := newRequest(ctx, http.MethodGet, target, "")
	if err != nil {
		return received{}, err
	}
	return t.send(adapter, req)
}

// send sends a request and reads the body of the response. It gives up on ports
// that ignore the request's context.
func (t *trial) send(adapter port.HttpClientPort, req *http.Request) (received, error) {
	results := make(chan result, 1)
	go func() {
		got, err := send(adapter, req)
		results <- result{got, err}
	}()
	select {
	case r := <-results:
		return r.received, r.err
	case <-time.After(2 * t.patience): // patience is over for req at half the time
		return received{}, errors.New("the request did not end when its context was done")
	}
}

// result is the outcome of a request.
type result struct {
	received
	err error
}

// stop stops a port. It gives up on ports that ignore the context.
func (t *trial) stop(ctx context.Context, adapter port.HttpClientPort) error {
	stopped := make(chan error, 1)
	go func() { stopped <- adapter.Stop(ctx) }()
	select {
	case err := <-stopped:
		return err
	case <-time.After(2 * t.patience):
		return errors.New("Stop did not return when its context was done")
	}
}

func send(adapter port.HttpClientPort, req *http.Request) (received, error) {
	response, err := adapter.Request(req)
	switch {
	case err != nil && response != nil:
		return received{}, fmt.Errorf("Request returned a response and an error: %v", err)
	case err != nil:
		return received{}, err
	case response == nil || response.Body == nil:
		return received{}, errors.New("Request returned no error and no response with a body")
	}
	body, err := io.ReadAll(response.Body)
	if closeErr := response.Body.Close(); err == nil && closeErr != nil {
		err = fmt.Errorf("closing the body: %w", closeErr)
	}
	return received{response.StatusCode, response.Header, string(body)}, err
}

func differs(what string, got, want any) error {
	if got == want {
		return nil
	}
	return fmt.Errorf("%s: got %q, want %q", what, fmt.Sprint(got), fmt.Sprint(want))
}

// wantError returns an error unless err is target.
func wantError(err, target error) error {
	switch {
	case err == nil:
		return fmt.Errorf("got no error; want one that is %q", target)
	case !errors.Is(err, target):
		return fmt.Errorf("got the error %T %q; want one that is %q", err, err, target)
	}
	return nil
}
