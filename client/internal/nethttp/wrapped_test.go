// SPDX-License-Identifier: Apache-2.0

package nethttp_test

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/pyfly-go/pyfly/client/internal/nethttp"
	"github.com/pyfly-go/pyfly/client/port"
)

// transport is a RoundTripper of a user's.
type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// nilError is an error whose method panics if the pointer is nil.
type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

func TestAWrappedTransportMayBehaveOddly(t *testing.T) {
	for name, test := range map[string]struct {
		end  transport
		fail bool
	}{
		"a response": {func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: http.NoBody}, nil
		}, false},
		"no body":                    {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil }, false},
		"neither response nor error": {func(*http.Request) (*http.Response, error) { return nil, nil }, true},
		"an error whose text panics": {func(*http.Request) (*http.Response, error) { return nil, (*nilError)(nil) }, true},
		"an error":                   {func(*http.Request) (*http.Response, error) { return nil, io.EOF }, true},
		"an error beside a response": {func(*http.Request) (*http.Response, error) { return &http.Response{}, io.EOF }, true},
		"a url.Error without a cause": {func(*http.Request) (*http.Response, error) {
			return nil, &url.Error{Op: "Get", URL: "http://x/?token=1"}
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			adapter := newAdapter(t, port.PortConfig{
				BaseURL:       "http://inventory",
				WrapTransport: func(http.RoundTripper) http.RoundTripper { return test.end },
			})
			status, body, err := adapterGet(t, adapter, "/")
			if (err != nil) != test.fail || err == nil && (status != 200 || body != "") {
				t.Errorf("got %d %q, %v", status, body, err)
			}
			if err != nil {
				_ = err.Error()
			}
			if !adapter.IsWrapped() {
				t.Error("it does not say that it is wrapped")
			}
			if err := adapter.Stop(t.Context()); err != nil {
				t.Errorf("the request is still in flight: %v", err)
			}
		})
	}
}

func TestAWrapperThatReturnsNoTransportIsRejected(t *testing.T) {
	base, _ := url.Parse("http://inventory")
	adapter, err := nethttp.New(base, port.PortConfig{WrapTransport: func(http.RoundTripper) http.RoundTripper { return nil }})
	if adapter != nil || err == nil {
		t.Errorf("got %v, %v", adapter, err)
	}
}

func TestAServerWithoutTLSIsNamed(t *testing.T) {
	server := adapterServer(t, func(http.ResponseWriter, *http.Request) {})
	adapter := newAdapter(t, port.PortConfig{BaseURL: "https" + server.URL[len("http"):]})
	if _, _, err := adapterGet(t, adapter, "/"); !errors.Is(err, http.ErrSchemeMismatch) {
		t.Errorf("got %v", err)
	}
	if adapter.IsWrapped() {
		t.Error("it says that it is wrapped")
	}
}
