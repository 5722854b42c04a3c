// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/port"
)

// brokenPort is a conforming port with one fault.
type brokenPort struct {
	port.HttpClientPort
	request func(adapter port.HttpClientPort, req *http.Request) (*http.Response, error)
	stop    func(adapter port.HttpClientPort, ctx context.Context) error
}

func (p *brokenPort) Request(req *http.Request) (*http.Response, error) {
	if p.request == nil {
		return p.HttpClientPort.Request(req)
	}
	return p.request(p.HttpClientPort, req)
}

func (p *brokenPort) Stop(ctx context.Context) error {
	if p.stop == nil {
		return p.HttpClientPort.Stop(ctx)
	}
	return p.stop(p.HttpClientPort, ctx)
}

// withConfig breaks what a port is told.
func withConfig(change func(*port.PortConfig)) port.HttpClientFactory {
	return func(cfg port.PortConfig) (port.HttpClientPort, error) {
		change(&cfg)
		return client.NewNetHTTPAdapter(cfg)
	}
}

// withRequest breaks the way of a request.
func withRequest(f func(port.HttpClientPort, *http.Request) (*http.Response, error)) port.HttpClientFactory {
	return func(cfg port.PortConfig) (port.HttpClientPort, error) {
		adapter, err := client.NewNetHTTPAdapter(cfg)
		return &brokenPort{HttpClientPort: adapter, request: f}, err
	}
}

// withStop breaks Stop.
func withStop(f func(port.HttpClientPort, context.Context) error) port.HttpClientFactory {
	return func(cfg port.PortConfig) (port.HttpClientPort, error) {
		adapter, err := client.NewNetHTTPAdapter(cfg)
		return &brokenPort{HttpClientPort: adapter, stop: f}, err
	}
}

// withRequestChanged breaks the request itself.
func withRequestChanged(change func(*http.Request)) port.HttpClientFactory {
	return withRequest(func(adapter port.HttpClientPort, req *http.Request) (*http.Response, error) {
		change(req)
		return adapter.Request(req)
	})
}

var errOpaque = errors.New("something went wrong")

// forgetsRedirects takes an error that came after a redirect for one without.
func forgetsRedirects(adapter port.HttpClientPort, req *http.Request) (*http.Response, error) {
	response, err := adapter.Request(req)
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "redirect" {
		err = op.Err
	}
	return response, err
}

// opaqueErrors hides what an error is.
func opaqueErrors(adapter port.HttpClientPort, req *http.Request) (*http.Response, error) {
	response, err := adapter.Request(req)
	if err != nil {
		return nil, errOpaque
	}
	response.Body = opaqueBody{response.Body}
	return response, nil
}

type opaqueBody struct{ io.ReadCloser }

func (b opaqueBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = errOpaque
	}
	return n, err
}

func statusIsError(adapter port.HttpClientPort, req *http.Request) (*http.Response, error) {
	response, err := adapter.Request(req)
	if err == nil && response.StatusCode != http.StatusOK {
		_ = response.Body.Close()
		return nil, errOpaque
	}
	return response, err
}

func followsEverywhere(adapter port.HttpClientPort, req *http.Request) (*http.Response, error) {
	response, err := adapter.Request(req)
	if err != nil || response.Header.Get("Location") == "" {
		return response, err
	}
	_ = response.Body.Close()
	return http.Get(response.Header.Get("Location"))
}

// endsEarly takes a broken body for a whole one.
func endsEarly(adapter port.HttpClientPort, req *http.Request) (*http.Response, error) {
	response, err := adapter.Request(req)
	if err == nil {
		response.Body = forgivingBody{response.Body}
	}
	return response, err
}

type forgivingBody struct{ io.ReadCloser }

func (b forgivingBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil {
		err = io.EOF
	}
	return n, err
}

// mixesUp gives all answers the path of the first request.
func mixesUp() port.HttpClientFactory {
	var first atomic.Pointer[string]
	return withRequestChanged(func(req *http.Request) {
		path := req.URL.Path
		if !first.CompareAndSwap(nil, &path) {
			req.URL.Path = *first.Load()
		}
	})
}

func noContext(req *http.Request) { *req = *req.WithContext(context.Background()) }

func toTheService(req *http.Request) { req.URL.Host = req.Host }

func refuseNothing(port.HttpClientPort, context.Context) error { return nil }

func TestTheSuiteFindsFaults(t *testing.T) {
	stopsOnce := func() port.HttpClientFactory {
		var stopped atomic.Bool
		return withStop(func(adapter port.HttpClientPort, ctx context.Context) error {
			if stopped.Swap(true) {
				return errOpaque
			}
			return adapter.Stop(ctx)
		})
	}
	neverCuts := withStop(func(adapter port.HttpClientPort, _ context.Context) error {
		return adapter.Stop(context.Background())
	})
	faults := map[string]port.HttpClientFactory{
		"the request's path is appended to the base URL":                          withRequestChanged(func(r *http.Request) { r.URL.Path = "/" }),
		"the base URL's path comes first":                                         withConfig(dropBasePath),
		"a slash at the end of the base URL is not doubled":                       withRequestChanged(func(r *http.Request) { r.URL.Path = "/" + r.URL.Path }),
		"the query is kept":                                                       withRequestChanged(func(r *http.Request) { r.URL.RawQuery = r.URL.Query().Encode() }),
		"an escaped path is kept":                                                 withRequestChanged(func(r *http.Request) { r.URL.RawPath = "" }),
		"an escaped base path is kept":                                            withConfig(unescapeBasePath),
		"verb, headers and body are sent":                                         withRequestChanged(func(r *http.Request) { r.Header = nil }),
		"PortConfig.Header is sent":                                               withConfig(func(c *port.PortConfig) { c.Header = nil }),
		"a request's header wins over PortConfig.Header":                          withRequestChanged(func(r *http.Request) { r.Header = nil }),
		"a request to an instance is sent to its address":                         withRequestChanged(toTheService),
		"a request to an instance has the service's Host, path and header":        withConfig(func(c *port.PortConfig) { c.Header = nil }),
		"status 200 is an answer":                                                 withRequest(func(port.HttpClientPort, *http.Request) (*http.Response, error) { return nil, nil }),
		"status 204 is an answer":                                                 withRequest(statusIsError),
		"status 404 is an answer":                                                 withRequest(statusIsError),
		"status 500 is an answer":                                                 withRequest(statusIsError),
		"headers and body of an answer can be read":                               withConfig(func(c *port.PortConfig) { c.MaxResponseSize = 1000 }),
		"a body of exactly MaxResponseSize can be read":                           withConfig(func(c *port.PortConfig) { c.MaxResponseSize-- }),
		"a body beyond MaxResponseSize is ErrTooLarge":                            withConfig(func(c *port.PortConfig) { c.MaxResponseSize = -1 }),
		"a redirect to another host is an answer":                                 withRequest(followsEverywhere),
		"100 requests at once get each its own answer":                            mixesUp(),
		"a context cancelled before is context.Canceled":                          withRequestChanged(noContext),
		"a context cancelled while waiting for headers is context.Canceled":       withRequestChanged(noContext),
		"a context cancelled during the body is context.Canceled":                 withRequest(opaqueErrors),
		"a context's deadline is context.DeadlineExceeded":                        withRequest(opaqueErrors),
		"Timeout covers the wait for headers":                                     withConfig(func(c *port.PortConfig) { c.Timeout = -1 }),
		"Timeout covers the body":                                                 withConfig(func(c *port.PortConfig) { c.Timeout = -1 }),
		"a truncated body is an error":                                            withRequest(endsEarly),
		"a refused connection proves that nothing was sent":                       withRequest(opaqueErrors),
		"an error after a followed redirect does not prove that nothing was sent": withRequest(forgetsRedirects),
		"a port that was never started can be stopped":                            withStop(func(port.HttpClientPort, context.Context) error { return errOpaque }),
		"a port can be stopped twice":                                             stopsOnce(),
		"requests after Stop are ErrStopped":                                      withStop(refuseNothing),
		"Stop waits for requests in flight":                                       cutsAtOnce,
		"Stop cuts requests in flight when its context is done":                   neverCuts,
	}
	for _, c := range conformance() {
		t.Run(c.statement, func(t *testing.T) {
			factory, ok := faults[c.statement]
			if !ok {
				t.Fatal("no port here breaks this statement")
			}
			err := c.checkPort(factory, 300*time.Millisecond)
			if err == nil {
				t.Fatal("the fault was not found")
			}
			t.Log(err)
		})
	}
}

// cutsAtOnce makes ports whose Stop waits for nothing. They refuse requests only
// once they have cut those in flight, so that what is in flight cannot win a race
// with the cut.
func cutsAtOnce(cfg port.PortConfig) (port.HttpClientPort, error) {
	adapter, err := client.NewNetHTTPAdapter(cfg)
	cut := make(chan struct{})
	var once sync.Once
	return &brokenPort{
		HttpClientPort: adapter,
		request: func(adapter port.HttpClientPort, req *http.Request) (*http.Response, error) {
			response, err := adapter.Request(req)
			if errors.Is(err, port.ErrStopped) {
				<-cut
			}
			return response, err
		},
		stop: func(adapter port.HttpClientPort, _ context.Context) error {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_ = adapter.Stop(ctx)
			once.Do(func() { close(cut) })
			return nil
		},
	}, err
}

func dropBasePath(c *port.PortConfig) {
	u, _ := url.Parse(c.BaseURL)
	u.Path, u.RawPath = "", ""
	c.BaseURL = u.String()
}

func unescapeBasePath(c *port.PortConfig) {
	u, _ := url.Parse(c.BaseURL)
	u.RawPath = ""
	c.BaseURL = u.String()
}
