// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/drain"
	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// Adapter is a [port.HttpClientPort] on net/http.
type Adapter struct {
	name            string
	target          target
	isWrapped       bool          // there is a transport of the user's
	timeout         time.Duration // 0: none
	maxResponseSize int64         // 0: no limit
	transport       http.RoundTripper
	router          *router // around which transport may be
	allowed         hosts.Allowed
	inFlight        drain.Group
}

var (
	_ port.HttpClientPort = (*Adapter)(nil)
	_ port.InstanceCloser = (*Adapter)(nil)
)

// New makes an adapter. base is the BaseURL of cfg, parsed.
func New(base *url.URL, cfg port.PortConfig) (*Adapter, error) {
	r := newRouter(base, cfg)
	var transport http.RoundTripper = r
	if cfg.WrapTransport != nil {
		if transport = cfg.WrapTransport(transport); transport == nil {
			return nil, fmt.Errorf("client %s: WrapTransport returned nil", cfg.Name)
		}
	}
	return newAdapter(base, cfg, transport, r), nil
}

func newAdapter(base *url.URL, cfg port.PortConfig, transport http.RoundTripper, r *router) *Adapter {
	return &Adapter{
		name:            cfg.Name,
		isWrapped:       cfg.WrapTransport != nil,
		target:          newTarget(base, cfg.Header),
		timeout:         limitOrDefault(cfg.Timeout, port.DefaultTimeout),
		maxResponseSize: limitOrDefault(cfg.MaxResponseSize, port.DefaultMaxResponseSize),
		transport:       transport,
		router:          r,
		allowed:         cfg.AllowedHosts,
	}
}

// IsWrapped reports whether the adapter sends through a transport of the user's,
// which may send several times for one request.
func (a *Adapter) IsWrapped() bool { return a.isWrapped }

// limitOrDefault resolves a limit of a [port.PortConfig]; 0 then means none.
func limitOrDefault[N ~int64](limit, byDefault N) N {
	if limit == 0 {
		return byDefault
	}
	return max(limit, 0)
}

// Request implements [port.HttpClientPort].
func (a *Adapter) Request(req *http.Request) (*http.Response, error) {
	if err := a.target.apply(req, a.allowed); err != nil {
		closeRequestBody(req)
		return nil, err
	}
	e, err := beginExchange(&a.inFlight, req.Context(), a.timeout)
	if err != nil {
		closeRequestBody(req)
		return nil, fmt.Errorf("client %s: %w", a.name, err)
	}
	if address, ok := port.InstanceOf(e.parent); ok {
		a.router.use(address, &e.passenger)
	}
	if e.ctx != e.parent {
		req = req.WithContext(e.ctx)
	}
	isDecoded := decodes(req)
	if isDecoded {
		a.acceptGzip(req, e)
	}
	response, err := a.roundTrip(req)
	if err != nil {
		err = e.explain(secret.WithoutURL(err))
		e.end()
		return nil, err
	}
	if isDecoded {
		decode(req, response)
	}
	a.wrapBody(response, e)
	return response, nil
}

// roundTrip sends the request. What http.Client does, following redirects, is
// left to it; but its preparations for a redirect are a waste for other responses.
func (a *Adapter) roundTrip(req *http.Request) (*http.Response, error) {
	response, err := a.transport.RoundTrip(req)
	err = usercode.Error(err)
	switch {
	case err != nil && isPlainHTTP(err):
		return nil, http.ErrSchemeMismatch
	case err != nil:
		return nil, err
	case response == nil:
		return nil, errNoResponse
	case isRedirect(response.StatusCode):
		return a.follow(req, response)
	case response.Body == nil: // a RoundTripper of the user's
		response.Body = http.NoBody
	}
	return response, nil
}

// errNoResponse is a fault of a RoundTripper of the user's.
var errNoResponse = errors.New("the port returned neither a response nor an error")

// isPlainHTTP reports whether a server responded to a TLS handshake in plain text.
func isPlainHTTP(err error) bool {
	var record tls.RecordHeaderError
	return errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/"
}

// wrapBody makes the exchange end with the response's body.
func (a *Adapter) wrapBody(response *http.Response, e *exchange) {
	if response.Body == http.NoBody {
		e.end()
		return
	}
	limit := a.maxResponseSize
	if port.IsStreaming(e.parent) {
		limit = 0
		e.stopTimer()
	}
	e.body = responseBody{ReadCloser: response.Body, exchange: e, limit: limit, remaining: limit}
	response.Body = &e.body
}

// CloseInstance implements [port.InstanceCloser].
func (a *Adapter) CloseInstance(address string) { a.router.closeInstance(address) }

// Start implements [port.HttpClientPort]. Requests are served before it as well.
func (a *Adapter) Start(context.Context) error { return nil }

// Stop implements [port.HttpClientPort]. No connection remains. Its error says how
// many requests were cut.
func (a *Adapter) Stop(ctx context.Context) error {
	cut := a.inFlight.Drain(ctx, errCut)
	a.router.close()
	if cut > 0 {
		return fmt.Errorf("client %s: requests cut off because they outlasted the time for stopping: %d: %w", a.name, cut, ctx.Err())
	}
	return nil
}

func closeRequestBody(req *http.Request) {
	if req != nil && req.Body != nil {
		_ = req.Body.Close()
	}
}
