// SPDX-License-Identifier: Apache-2.0

package nethttp_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/nettest"
)

func TestAdapterServesBeforeStartAndNotAfterStop(t *testing.T) {
	server := adapterServer(t, func(http.ResponseWriter, *http.Request) {})
	adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL})
	if _, _, err := adapterGet(t, adapter, "/"); err != nil {
		t.Errorf("before Start: %v", err)
	}
	for range 2 {
		if err := adapter.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	}
	body := &closeRecorder{Reader: strings.NewReader("x")}
	_, _, err := adapterSend(adapter, adapterRequest(t, t.Context(), http.MethodPost, "/", body))
	if !errors.Is(err, port.ErrStopped) || !strings.Contains(err.Error(), "inventory-client") {
		t.Errorf("after Stop: got %v, want an ErrStopped that names the client", err)
	}
	if !body.closed {
		t.Error("the refused request's body was not closed")
	}
}

// slowBody is a server whose answer's body ends when finish is closed.
func slowBody(t *testing.T) (url string, finish chan struct{}) {
	finish = make(chan struct{})
	server := adapterServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "begun, ")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-finish:
			_, _ = io.WriteString(w, "finished")
		case <-r.Context().Done():
		}
	})
	return server.URL, finish
}

func TestAdapterStopWaitsForBodies(t *testing.T) {
	for name, end := range map[string]func(*testing.T, *http.Response){
		"read to the end": func(t *testing.T, r *http.Response) {
			if body, err := io.ReadAll(r.Body); string(body) != "begun, finished" || err != nil {
				t.Errorf("got %q, %v", body, err)
			}
		},
		"closed": func(_ *testing.T, r *http.Response) { _ = r.Body.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			url, finish := slowBody(t)
			adapter := newAdapter(t, port.PortConfig{BaseURL: url})
			response, err := adapter.Request(adapterRequest(t, t.Context(), http.MethodGet, "/", nil))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			stopped := make(chan error)
			go func() { stopped <- adapter.Stop(context.Background()) }()
			for err == nil { // until Stop is at work
				var another *http.Response
				another, err = adapter.Request(adapterRequest(t, t.Context(), http.MethodGet, "/", nil))
				if err == nil {
					_ = another.Body.Close()
				}
			}
			select {
			case err := <-stopped:
				t.Errorf("Stop did not wait: %v", err)
			default:
			}
			close(finish)
			end(t, response)
			if err := <-stopped; err != nil {
				t.Errorf("Stop: %v", err)
			}
		})
	}
}

func TestAdapterStopCutsBodies(t *testing.T) {
	url, _ := slowBody(t)
	adapter := newAdapter(t, port.PortConfig{BaseURL: url})
	response, err := adapter.Request(adapterRequest(t, t.Context(), http.MethodGet, "/", nil))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := adapter.Stop(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "time for stopping: 1:") {
		t.Errorf("Stop must tell that it cut 1 request: %v", err)
	}
	if _, err := io.ReadAll(response.Body); !errors.Is(err, port.ErrStopped) || errors.Is(err, context.Canceled) {
		t.Errorf("reading a cut body: got %v, want ErrStopped", err)
	}
	if err := adapter.Stop(ctx); err != nil {
		t.Errorf("a second Stop: %v", err)
	}
	_ = response.Body.Close()
}

func TestAdapterStopCutsRequests(t *testing.T) {
	arrived := make(chan struct{})
	server := adapterServer(t, func(_ http.ResponseWriter, r *http.Request) {
		arrived <- struct{}{}
		<-r.Context().Done()
	})
	adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL})
	req := adapterRequest(t, t.Context(), http.MethodGet, "/", nil)
	failed := make(chan error)
	go func() {
		_, _, err := adapterSend(adapter, req)
		failed <- err
	}()
	<-arrived
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := adapter.Stop(ctx); err == nil {
		t.Error("Stop did not tell that it cut a request")
	}
	if err := <-failed; !errors.Is(err, port.ErrStopped) {
		t.Errorf("a cut request: got %v, want ErrStopped", err)
	}
}

func TestAdapterStopWhileRequestsBegin(t *testing.T) {
	server := adapterServer(t, func(http.ResponseWriter, *http.Request) {})
	adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for {
				_, _, err := adapterGet(t, adapter, "/")
				if errors.Is(err, port.ErrStopped) {
					return
				}
				if err != nil {
					t.Errorf("neither an answer nor ErrStopped: %v", err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		if err := adapter.Stop(t.Context()); err != nil {
			t.Errorf("Stop: %v", err)
		}
	})
	wg.Wait()
}

func TestAdapterLeavesNothingBehind(t *testing.T) {
	before := goleak.IgnoreCurrent()
	server, _ := nettest.CountingServer(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") })
	adapter := newAdapter(t, port.PortConfig{BaseURL: server.URL})
	for range 3 {
		response, err := adapter.Request(adapterRequest(t, t.Context(), http.MethodGet, "/", nil))
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = response.Body.Close() }() // after Stop: never read
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = adapter.Stop(ctx)
	server.Close()
	goleak.VerifyNone(t, before)
}
