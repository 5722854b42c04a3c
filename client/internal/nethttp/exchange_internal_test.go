// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/drain"
)

type roundTripFunc func(*http.Request) (*http.Response, error)

func (f roundTripFunc) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// newStubbedAdapter makes an adapter without a network.
func newStubbedAdapter(cfg port.PortConfig, transport http.RoundTripper) *Adapter {
	base := &url.URL{Scheme: "http", Host: "inventory", Path: "/api"}
	return newAdapter(base, cfg, transport, &router{shared: transport, closeShared: func() {}})
}

// ctxBody is a body that ends when the request's context is done.
type ctxBody struct{ ctx context.Context }

func (b ctxBody) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}
func (b ctxBody) Close() error { return nil }

func TestStreamingIsLimitedNeitherInTimeNorInSize(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := strings.NewReader(strings.Repeat("x", 100))
		a := newStubbedAdapter(port.PortConfig{Timeout: time.Second, MaxResponseSize: 10},
			roundTripFunc(func(*http.Request) (*http.Response, error) {
				time.Sleep(time.Second - 1) // virtual
				return &http.Response{StatusCode: 200, Body: io.NopCloser(body)}, nil
			}))
		req, _ := http.NewRequestWithContext(port.WithStreaming(t.Context()), http.MethodGet, "/", nil)
		response, err := a.Request(req)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour) // virtual
		if got, err := io.ReadAll(response.Body); len(got) != 100 || err != nil {
			t.Errorf("read %d bytes, %v; want 100", len(got), err)
		}
	})
}

func TestStreamingIsLimitedInTimeUntilTheHeaders(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newStubbedAdapter(port.PortConfig{Timeout: time.Second}, hangingTransport)
		req, _ := http.NewRequestWithContext(port.WithStreaming(t.Context()), http.MethodGet, "/", nil)
		begun := time.Now()
		if _, err := a.Request(req); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want context.DeadlineExceeded", err)
		}
		if elapsed := time.Since(begun); elapsed != time.Second {
			t.Errorf("it took %s, want 1s", elapsed)
		}
	})
}

var hangingTransport = roundTripFunc(func(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, context.Cause(r.Context())
})

func TestATimeoutWhileConnectingProvesThatNothingWasSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newStubbedAdapter(port.PortConfig{Timeout: time.Second}, roundTripFunc(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: r.Context().Err()}
		}))
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		_, err := a.Request(req)
		if !port.IsNotSent(err) || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			t.Errorf("got %T %v, want a *net.OpError that is context.DeadlineExceeded", err, err)
		}
	})
}

func TestACancelledContextIsKnownWhateverItsCause(t *testing.T) {
	cause := errors.New("the user went away")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	a := newStubbedAdapter(port.PortConfig{}, hangingTransport)
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, "/", nil)
	if _, err := a.Request(req); !errors.Is(err, context.Canceled) || !errors.Is(err, cause) {
		t.Errorf("got %v, want context.Canceled and its cause", err)
	}
}

func TestTimeoutRunsUntilTheBodyEnds(t *testing.T) {
	for name, c := range map[string]struct {
		timeout time.Duration
		want    time.Duration
	}{"default": {0, port.DefaultTimeout}, "configured": {2 * time.Second, 2 * time.Second}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := newStubbedAdapter(port.PortConfig{Timeout: c.timeout}, roundTripFunc(func(r *http.Request) (*http.Response, error) {
					time.Sleep(time.Second) // virtual: counts as well
					return &http.Response{StatusCode: 200, Body: ctxBody{r.Context()}}, nil
				}))
				req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
				begun := time.Now()
				response, err := a.Request(req)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadAll(response.Body); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want context.DeadlineExceeded", err)
				}
				if elapsed := time.Since(begun); elapsed != c.want {
					t.Errorf("it took %s, want %s", elapsed, c.want)
				}
			})
		})
	}
}

func TestAnEarlierDeadlineTakesNoTimer(t *testing.T) {
	var inFlight drain.Group
	for deadline, wantTimer := range map[time.Duration]bool{time.Minute: false, time.Hour: true} {
		ctx, cancel := context.WithTimeout(t.Context(), deadline)
		e, err := beginExchange(&inFlight, ctx, 30*time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if hasTimer := e.timer != nil; hasTimer != wantTimer {
			t.Errorf("deadline in %s: timer %t, want %t", deadline, hasTimer, wantTimer)
		}
		e.end()
		cancel()
	}
}
