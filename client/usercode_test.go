// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

// badError is an error each method of which needs its receiver.
type badError struct{ inner error }

func (e *badError) Error() string        { return e.inner.Error() }
func (e *badError) Is(target error) bool { return e.inner == target }
func (e *badError) As(any) bool          { return e.inner == nil }
func (e *badError) Unwrap() error        { return e.inner }

const badText = "*client_test.badError (nil): its Error method panicked"

// badBody is the body of an answer that breaks off.
type badBody struct{ io.Reader }

func (b badBody) Read(p []byte) (int, error) {
	if n, err := b.Reader.Read(p); err == nil {
		return n, nil
	}
	return 0, (*badError)(nil)
}
func (badBody) Close() error { return nil }

// badValue cannot be encoded or decoded.
type badValue struct{ panics bool }

func (v badValue) MarshalJSON() ([]byte, error) {
	if v.panics {
		panic((*badError)(nil))
	}
	return nil, (*badError)(nil)
}
func (*badValue) UnmarshalJSON([]byte) error { return (*badError)(nil) }

type badClient struct {
	client.ServiceClient `url:"http://bad.invalid" retry-base-delay:"1ms"`

	Get     func(ctx context.Context) (string, error)            `get:"/"`
	Decode  func(ctx context.Context) (badValue, error)          `get:"/"`
	Send    func(ctx context.Context, body badValue) error       `post:"/"`
	Stream  func(ctx context.Context) iter.Seq2[Product, error]  `get:"/"`
	Values  func(ctx context.Context) iter.Seq2[badValue, error] `get:"/"`
	Instead func(ctx context.Context) (string, error)            `get:"/"`
}

func first[T any](s iter.Seq2[T, error]) (err error) {
	for _, err = range s {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestBadErrorsOfUserCodeDoNoHarm has user code return errors whose methods
// panic, wherever it can.
func TestBadErrorsOfUserCodeDoNoHarm(t *testing.T) {
	bad := error((*badError)(nil))
	get := func(c *badClient) error { _, err := c.Get(t.Context()); return err }
	returns := func(response *http.Response, err error) portFunc {
		return func(*http.Request) (*http.Response, error) { return response, err }
	}
	for name, c := range map[string]struct {
		port     portFunc
		register any // a constructor
		call     func(*badClient) error
	}{
		"port":                           {port: returns(nil, bad), call: get},
		"port that wraps":                {port: returns(nil, fmt.Errorf("dial: %w", bad)), call: get},
		"port that joins":                {port: returns(nil, errors.Join(io.EOF, bad)), call: get},
		"port made of an http.Client":    {port: returns(nil, &url.Error{Op: "Get", URL: "http://bad.invalid", Err: bad}), call: get},
		"stream of a port":               {port: returns(nil, bad), call: func(c *badClient) error { return first(c.Stream(t.Context())) }},
		"body":                           {port: returns(&http.Response{StatusCode: 200, Body: badBody{strings.NewReader("x")}}, nil), call: get},
		"body of a stream":               {port: returns(&http.Response{StatusCode: 200, Body: badBody{strings.NewReader("[{}")}}, nil), call: func(c *badClient) error { return first(c.Stream(t.Context())) }},
		"body of a stream, at its begin": {port: returns(&http.Response{StatusCode: 200, Body: badBody{strings.NewReader("")}}, nil), call: func(c *badClient) error { return first(c.Stream(t.Context())) }},
		"body of events": {
			port: returns(&http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: badBody{strings.NewReader("data: {}\n\n")}}, nil),
			call: func(c *badClient) error { return first(c.Stream(t.Context())) },
		},
		"UnmarshalJSON":             {port: returns(answer(200, "{}"), nil), call: func(c *badClient) error { _, err := c.Decode(t.Context()); return err }},
		"UnmarshalJSON in a stream": {port: returns(answer(200, "[{}]"), nil), call: func(c *badClient) error { return first(c.Values(t.Context())) }},
		"MarshalJSON":               {port: returns(answer(200, ""), nil), call: func(c *badClient) error { return c.Send(t.Context(), badValue{}) }},
		"MarshalJSON that panics":   {port: returns(answer(200, ""), nil), call: func(c *badClient) error { return c.Send(t.Context(), badValue{panics: true}) }},
		"Interceptor": {port: returns(answer(200, ""), nil), call: get, register: func() client.Interceptor {
			return func(client.Exchange) client.Exchange { return client.Exchange(returns(nil, bad)) }
		}},
		"CallInterceptor": {port: returns(answer(200, ""), nil), call: get, register: func() client.CallInterceptor {
			return func(client.Exchange) client.Exchange { return client.Exchange(returns(nil, bad)) }
		}},
		"ErrorDecoder": {port: returns(answer(404, ""), nil), call: get, register: func() client.ErrorDecoder {
			return func(*client.Error) error { return bad }
		}},
		"ErrorDecoder that panics": {port: returns(answer(404, ""), nil), call: get, register: func() client.ErrorDecoder {
			return func(*client.Error) error { panic(bad) }
		}},
		"fallback that panics": {port: returns(nil, io.EOF), call: func(c *badClient) error { _, err := c.Instead(t.Context()); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return c.port, nil }))
			if c.register != nil {
				app.Register(c.register)
			}
			client.Register[badClient](app, client.Fallback(&badClient{
				Instead: func(context.Context) (string, error) { panic(bad) },
			}))
			if err := app.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			err := c.call(container.Must(container.Get[*badClient](app)))
			if err == nil || !strings.Contains(err.Error(), badText) {
				t.Errorf("error %v, want it to contain %q", err, badText)
			}
			if !errors.Is(err, bad) || errors.Is(err, kernel.ErrNoSuchBean) {
				t.Errorf("errors.Is does not answer rightly for %v", err)
			}
			if err := app.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// badPort is a port that panics, or returns errors whose methods panic.
type badPort struct{ start, stop func() error }

func (badPort) Request(*http.Request) (*http.Response, error) { return answer(200, "good"), nil }
func (p badPort) Start(context.Context) error                 { return p.start() }
func (p badPort) Stop(context.Context) error                  { return p.stop() }

func TestPortsAndFactoriesThatMisbehaveAreReported(t *testing.T) {
	bad := error((*badError)(nil))
	good, panics, fails := func() error { return nil }, func() error { panic(bad) }, func() error { return bad }
	for name, end := range map[string]func() error{"panics": panics, "returns an error": fails} {
		for place, factory := range map[string]client.HttpClientFactory{
			"factory": func(client.PortConfig) (client.HttpClientPort, error) { return nil, end() },
			"Start":   func(client.PortConfig) (client.HttpClientPort, error) { return badPort{end, good}, nil },
			"Stop":    func(client.PortConfig) (client.HttpClientPort, error) { return badPort{good, end}, nil },
		} {
			t.Run(place+" "+name, func(t *testing.T) {
				app := newApp(nil, client.WithFactory(factory))
				client.Register[badClient](app)
				err := app.Start(t.Context())
				if err == nil {
					err = app.Stop(context.Background())
				}
				if err == nil || !strings.Contains(err.Error(), badText) || !errors.Is(err, bad) || !errors.Is(err, kernel.ErrBeanCreation) {
					t.Errorf("got %v", err)
				}
			})
		}
	}
}

func TestAReplacedPortThatPanicsDoesNoHarm(t *testing.T) {
	stopped := make(chan struct{}, 2)
	port := badPort{func() error { return nil }, func() error { stopped <- struct{}{}; panic((*badError)(nil)) }}
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	client.Register[badClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	change(app, map[string]any{"pyfly.client.services.bad-client.base-url": "http://other.invalid"})
	<-stopped
	if err := app.Stop(context.Background()); err == nil || !strings.Contains(err.Error(), badText) {
		t.Errorf("got %v", err)
	}
}
