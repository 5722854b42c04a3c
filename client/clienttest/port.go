// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/pyfly-go/pyfly/client/port"
)

// Port is a [port.HttpClientPort] that sends the responses configured with
// [Port.On] and records requests. It is safe for concurrent use, and works
// inside and outside of testing/synctest.
//
// A Port can serve one client, or, through [Port.Factory], many.
type Port struct {
	gate gate

	mu       sync.Mutex
	routes   []*Route
	requests []Request
	configs  []port.PortConfig
	started  int
	stopped  int
}

// Request is a request that a [Port] received.
type Request struct {
	Client string // the name in the PortConfig; "" without Factory
	Verb   string
	Path   string // escaped, without the path of the base URL
	Query  url.Values
	Header http.Header // includes the Header of the PortConfig
	Body   []byte      // nil if there was none
}

var _ port.HttpClientPort = (*Port)(nil)

// NewPort returns a port without routes.
func NewPort() *Port { return &Port{} }

// On returns the route of a verb and a path, on which responses can be
// configured. A segment of the path that is * or a name in braces, as in
// "/products/{id}", matches any one non-empty segment. The query is ignored.
//
// If several routes match, the one with the fewest such segments is used, and
// among those the first. The same verb and path return the same route.
func (p *Port) On(verb, path string) *Route {
	p.mu.Lock()
	defer p.mu.Unlock()
	verb = strings.ToUpper(verb)
	for _, r := range p.routes {
		if r.verb == verb && r.path == path {
			return r
		}
	}
	r := newRoute(verb, path)
	p.routes = append(p.routes, r)
	return r
}

// Request implements [port.HttpClientPort]. A request that matches no route
// fails with an error that lists all routes and is a [port.ErrInvalidRequest],
// so that no client retries it.
func (p *Port) Request(req *http.Request) (*http.Response, error) {
	return p.request(req, &p.gate, port.PortConfig{})
}

// Start implements [port.HttpClientPort].
func (p *Port) Start(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.started++
	return nil
}

// Stop implements [port.HttpClientPort].
func (p *Port) Stop(ctx context.Context) error { return p.stop(ctx, &p.gate) }

// IsFake returns true: see [port.Fake].
func (p *Port) IsFake() bool { return true }

// Requests returns the requests so far, in the order in which they came, those
// included that no route matched.
func (p *Port) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Started returns the number of calls of Start.
func (p *Port) Started() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.started
}

// Stopped returns the number of calls of Stop.
func (p *Port) Stopped() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stopped
}

// Configs returns the configurations that the factory was called with.
func (p *Port) Configs() []port.PortConfig {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.configs)
}

// Factory returns a factory that gives this port to every client. Each client
// starts and stops its own access to the port.
func (p *Port) Factory() port.HttpClientFactory {
	return func(cfg port.PortConfig) (port.HttpClientPort, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.configs = append(p.configs, cfg)
		return &access{Port: p, cfg: cfg}, nil
	}
}

// access is a client's own access to a port.
type access struct {
	*Port
	cfg  port.PortConfig
	gate gate
}

func (a *access) Request(req *http.Request) (*http.Response, error) {
	return a.request(req, &a.gate, a.cfg)
}

func (a *access) Stop(ctx context.Context) error { return a.stop(ctx, &a.gate) }

func (p *Port) stop(ctx context.Context, g *gate) error {
	p.mu.Lock()
	p.stopped++
	p.mu.Unlock()
	return g.stop(ctx)
}

func (p *Port) request(req *http.Request, g *gate, cfg port.PortConfig) (*http.Response, error) {
	body, err := readRequestBody(req)
	if err != nil {
		return nil, err
	}
	passage, err := g.enter(req.Context())
	if err != nil {
		return nil, err
	}
	defer passage.leave()
	addHeader(req, cfg.Header)
	answer, err := p.record(req, body, cfg.Name)
	if err != nil {
		return nil, err
	}
	return answer.give(req, passage)
}

// record adds a request to the record and returns the response for it.
func (p *Port) record(req *http.Request, body []byte, name string) (*answer, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, Request{
		Client: name, Verb: verbOf(req), Path: req.URL.EscapedPath(), Query: req.URL.Query(),
		Header: req.Header.Clone(), Body: body,
	})
	var best *Route
	for _, r := range p.routes {
		if r.matches(verbOf(req), req.URL.EscapedPath()) && (best == nil || r.wildcards < best.wildcards) {
			best = r
		}
	}
	if best == nil {
		return nil, p.unmatched(req)
	}
	return best.next()
}

func (p *Port) unmatched(req *http.Request) error {
	if len(p.routes) == 0 {
		return misuse("%s %s: nothing is programmed: call On", verbOf(req), req.URL.EscapedPath())
	}
	programmed := make([]string, len(p.routes))
	for i, r := range p.routes {
		programmed[i] = r.String()
	}
	return misuse("%s %s is not programmed; programmed are: %s",
		verbOf(req), req.URL.EscapedPath(), strings.Join(programmed, ", "))
}

func verbOf(req *http.Request) string {
	if req.Method == "" {
		return http.MethodGet
	}
	return req.Method
}

// readRequestBody reads the body and replaces it by one that can be read again.
func readRequestBody(req *http.Request) ([]byte, error) {
	if req.Body == nil || req.Body == http.NoBody {
		return nil, nil
	}
	body, err := io.ReadAll(req.Body)
	_ = req.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("clienttest: reading the body of %s %s: %w", verbOf(req), req.URL.EscapedPath(), err)
	}
	req.Body = io.NopCloser(bytes.NewReader(body))
	return body, nil
}

// addHeader adds the headers that the request does not set itself.
func addHeader(req *http.Request, header http.Header) {
	if req.Header == nil {
		req.Header = http.Header{}
	}
	for name, values := range header {
		name = http.CanonicalHeaderKey(name)
		if _, isSet := req.Header[name]; !isSet {
			req.Header[name] = slices.Clone(values)
		}
	}
}
