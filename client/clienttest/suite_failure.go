// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

// failureCases are the rules for requests with no response or an incomplete
// one.
func failureCases() []conformanceCase {
	return []conformanceCase{
		{"a context cancelled before is context.Canceled", checkCancelledBefore},
		{"a context cancelled while waiting for headers is context.Canceled", cancelCheck(hang)},
		{"a context cancelled during the body is context.Canceled", cancelCheck(hangInBody)},
		{"a context's deadline is context.DeadlineExceeded", checkDeadline},
		{"Timeout covers the wait for headers", timeoutCheck(hang)},
		{"Timeout covers the body", timeoutCheck(hangInBody)},
		{"a truncated body is an error", checkTruncated},
		{"a refused connection proves that nothing was sent", checkRefused},
		{"an error after a followed redirect does not prove that nothing was sent", checkRefusedAfterRedirect},
	}
}

// hang never responds.
func hang(arrived chan<- struct{}) http.HandlerFunc {
	return func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	}
}

// hangInBody sends only the beginning of a body.
func hangInBody(arrived chan<- struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "the beginning")
		_ = http.NewResponseController(w).Flush()
		arrived <- struct{}{}
		<-r.Context().Done()
	}
}

func checkCancelledBefore(t *trial) error {
	adapter, err := t.serve(func(http.ResponseWriter, *http.Request) {}, port.PortConfig{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(t.ctx)
	cancel()
	_, err = t.fetch(ctx, adapter, "/")
	return wantError(err, context.Canceled)
}

func cancelCheck(handler func(chan<- struct{}) http.HandlerFunc) func(*trial) error {
	return func(t *trial) error {
		arrived := make(chan struct{}, 1)
		adapter, err := t.serve(handler(arrived), port.PortConfig{})
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(t.ctx)
		defer cancel()
		go func() {
			select {
			case <-arrived:
				cancel()
			case <-ctx.Done():
			}
		}()
		_, err = t.fetch(ctx, adapter, "/")
		return wantError(err, context.Canceled)
	}
}

func checkDeadline(t *trial) error {
	adapter, err := t.serve(hang(make(chan struct{}, 1)), port.PortConfig{})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(t.ctx, 50*time.Millisecond)
	defer cancel()
	_, err = t.fetch(ctx, adapter, "/")
	return wantError(err, context.DeadlineExceeded)
}

func timeoutCheck(handler func(chan<- struct{}) http.HandlerFunc) func(*trial) error {
	return func(t *trial) error {
		adapter, err := t.serve(handler(make(chan struct{}, 1)), port.PortConfig{Timeout: 50 * time.Millisecond})
		if err != nil {
			return err
		}
		_, err = t.fetch(t.ctx, adapter, "/")
		if t.ctx.Err() != nil {
			return fmt.Errorf("PortConfig.Timeout of 50ms did not end the request within %s", t.patience)
		}
		return wantError(err, context.DeadlineExceeded)
	}
}

func checkTruncated(t *trial) error {
	adapter, err := t.serve(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, "the beginning")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}, port.PortConfig{})
	if err != nil {
		return err
	}
	if got, err := t.fetch(t.ctx, adapter, "/"); err == nil {
		return fmt.Errorf("got %d of 100 bytes of the body and no error", len(got.body))
	}
	return nil
}

func checkRefused(t *trial) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr().String()
	_ = listener.Close() // connections are now refused
	adapter, err := t.port(port.PortConfig{BaseURL: "http://" + address})
	if err != nil {
		return err
	}
	_, err = t.fetch(t.ctx, adapter, "/")
	if !port.IsNotSent(err) {
		return fmt.Errorf("got the error %T %v; want a *net.OpError with Op \"dial\" in its chain", err, err)
	}
	return nil
}

// checkRefusedAfterRedirect uses a server that redirects to itself and is then
// closed. A port may return the redirect, or follow it.
func checkRefusedAfterRedirect(t *trial) error {
	var server *httptest.Server
	server = t.server(func(w http.ResponseWriter, r *http.Request) {
		_ = server.Listener.Close()
		w.Header().Set("Connection", "close")
		http.Redirect(w, r, "/next", http.StatusSeeOther)
	})
	adapter, err := t.port(port.PortConfig{BaseURL: server.URL})
	if err != nil {
		return err
	}
	req, err := newRequest(t.ctx, http.MethodPost, "/", "data")
	if err != nil {
		return err
	}
	if _, err = t.send(adapter, req); port.IsNotSent(err) {
		return fmt.Errorf("the error is %T %v, although the server that redirected has seen the request; want a *net.OpError with another Op around it", err, err)
	}
	return nil
}
