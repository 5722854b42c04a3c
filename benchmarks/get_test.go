// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func BenchmarkGetOfStub(b *testing.B)     { both(b, getsOfStub(b)) }
func BenchmarkGetOnLoopback(b *testing.B) { both(b, getsOnLoopback(b)) }

// timeout limits one attempt, for all clients.
const timeout = 30 * time.Second

// Product is what all clients decode, from 200 bytes of JSON.
type Product struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Price       int      `json:"price"`
	InStock     bool     `json:"in_stock"`
	Tags        []string `json:"tags"`
}

var productJSON = []byte(`{"id":"42","name":"Bow rake, 14 teeth","description":"Forged steel head, ash handle, ` +
	`for levelling beds and gathering stones, leaves and roots.","price":3499,"in_stock":true,"tags":["garden","tools"]}   `)[:200]

// ProductClient is the declared client: retry, budget, circuit breaker and
// attempt timeout are on.
type ProductClient struct {
	client.ServiceClient `url:"http://stub.invalid"`

	GetProduct func(ctx context.Context, productID string) (Product, error) `get:"/products/{product_id}"`
}

// stubTransport answers every request at once.
type stubTransport struct{ header http.Header }

func newStubTransport() stubTransport {
	return stubTransport{http.Header{"Content-Type": {"application/json"}, "Content-Length": {strconv.Itoa(len(productJSON))}}}
}

func (s stubTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		Status: "200 OK", StatusCode: http.StatusOK, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: s.header, Body: io.NopCloser(bytes.NewReader(productJSON)),
		ContentLength: int64(len(productJSON)), Request: req,
	}, nil
}

// stubPort is a port that answers as the transport does.
type stubPort struct{ stubTransport }

func (p stubPort) Request(req *http.Request) (*http.Response, error) { return p.RoundTrip(req) }
func (stubPort) Start(context.Context) error                         { return nil }
func (stubPort) Stop(context.Context) error                          { return nil }

// clientPort is a port made of an http.Client, which is what the others use.
type clientPort struct {
	stubPort
	base   *url.URL
	client *http.Client
}

func (p clientPort) Request(req *http.Request) (*http.Response, error) {
	req.URL.Scheme, req.URL.Host = p.base.Scheme, p.base.Host
	return p.client.Do(req)
}

func getsOfStub(tb testing.TB) []subject {
	const base = "http://stub.invalid"
	stub := newStubTransport()
	baseURL, err := url.Parse(base)
	if err != nil {
		tb.Fatal(err)
	}
	port := stubPort{stub}
	withClient := clientPort{port, baseURL, &http.Client{Transport: stub}}
	return append([]subject{
		{name: "floor", call: func() error { return decodeOnly(stub) }},
		{name: "pyfly", call: declared(tb, base, overTransport(stub))},
		{name: "pyfly, generated", call: generated(tb, base, overTransport(stub))},
		{name: "pyfly without reflection", call: operated(tb, base, overTransport(stub))},
		{name: "pyfly on a port", call: declared(tb, base, client.WithFactory(portFactory(port)))},
		{name: "pyfly on http.Client", call: declared(tb, base, client.WithFactory(portFactory(withClient)))},
	}, others(tb, base, stub)...)
}

func getsOnLoopback(tb testing.TB) []subject {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(productJSON)
	}))
	tb.Cleanup(server.Close)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = 100
	tb.Cleanup(transport.CloseIdleConnections)
	return append([]subject{{name: "pyfly", call: declared(tb, server.URL)}}, others(tb, server.URL, transport)...)
}

// overTransport lets pyfly's own adapter send over a transport.
func overTransport(transport http.RoundTripper) client.Option {
	return client.WithTransport(func(http.RoundTripper) http.RoundTripper { return transport })
}

func portFactory(port client.HttpClientPort) client.HttpClientFactory {
	return func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }
}

// decodeOnly is the stub's answer and what encoding/json makes of it: no client.
func decodeOnly(stub stubTransport) error {
	response, err := stub.RoundTrip(nil)
	if err != nil {
		return err
	}
	var p Product
	if err := json.Unmarshal(productJSON, &p); err != nil {
		return err
	}
	if err := response.Body.Close(); err != nil {
		return err
	}
	return check(p)
}

func check(p Product) error {
	if p.ID != "42" || len(p.Tags) != 2 {
		return fmt.Errorf("unexpected product %+v", p)
	}
	return nil
}

// clientApp is an application for a client of the given base URL.
func clientApp(base string, opts ...client.Option) *container.ApplicationContext {
	settings := config.New(map[string]any{
		"pyfly.client.default.timeout":                  timeout,
		"pyfly.client.services.product-client.base-url": base,
	})
	app := container.NewApplicationContext(
		container.WithConfig(settings), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module(opts...))
	return app
}

// startClient starts an application with a client.
func startClient[T any](tb testing.TB, base string, opts ...client.Option) *T {
	tb.Helper()
	app := clientApp(base, opts...)
	client.Register[T](app)
	if err := app.Start(context.Background()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	return container.Must(container.Get[*T](app))
}

// operated is what generated code would do.
func operated(tb testing.TB, base string, opts ...client.Option) func() error {
	op := container.Must(startClient[ProductClient](tb, base, opts...).Operation("GetProduct"))
	get := func(ctx context.Context, id string) (p Product, err error) {
		err = op.Do(ctx, client.Message{Path: "/products/" + url.PathEscape(id)}, func(_ int, _ http.Header, body []byte) error {
			return json.Unmarshal(body, &p)
		})
		return p, err
	}
	ctx := context.Background()
	return func() error {
		p, err := get(ctx, "42")
		if err != nil {
			return err
		}
		return check(p)
	}
}

// declared calls a ProductClient.
func declared(tb testing.TB, base string, opts ...client.Option) func() error {
	products := startClient[ProductClient](tb, base, opts...)
	ctx := context.Background()
	return func() error {
		p, err := products.GetProduct(ctx, "42")
		if err != nil {
			return err
		}
		return check(p)
	}
}

// others are the same call by other means.
func others(tb testing.TB, base string, transport http.RoundTripper) []subject {
	ctx := context.Background()
	hand := &handWritten{base: base, client: &http.Client{Transport: transport}}
	sony := newGobreaker()
	rest := resty.New().SetTransport(transport).SetBaseURL(base).SetTimeout(timeout).SetRetryCount(attempts - 1)
	return append([]subject{
		{name: "net-http by hand", call: func() error {
			p, err := hand.get(ctx, "42")
			if err != nil {
				return err
			}
			return check(p)
		}},
		{name: "net-http, gobreaker and avast", call: func() error {
			var p Product
			err := avastRetry(ctx, func() error {
				_, err := sony.Execute(func() (_ struct{}, err error) {
					p, err = hand.get(ctx, "42")
					return struct{}{}, err
				})
				return err
			})
			if err != nil {
				return err
			}
			return check(p)
		}},
		{name: "resty", call: func() error {
			var p Product
			response, err := rest.R().SetContext(ctx).SetPathParam("product_id", "42").SetResult(&p).Get("/products/{product_id}")
			if err != nil {
				return err
			}
			if response.IsError() {
				return errors.New(response.Status())
			}
			return check(p)
		}},
	}, morePeers(tb, base, transport)...)
}

// handWritten is what a careful person writes: a time limit, an escaped
// argument, a size limit, a pooled buffer.
type handWritten struct {
	base    string
	client  *http.Client
	buffers sync.Pool
}

func (h *handWritten) get(ctx context.Context, id string) (p Product, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.base+"/products/"+url.PathEscape(id), nil)
	if err != nil {
		return p, err
	}
	req.Header.Set("Accept", "application/json")
	response, err := h.client.Do(req)
	if err != nil {
		return p, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return p, errors.New(response.Status)
	}
	buffer, ok := h.buffers.Get().(*bytes.Buffer)
	if !ok {
		buffer = new(bytes.Buffer)
	}
	defer h.buffers.Put(buffer)
	buffer.Reset()
	if _, err := buffer.ReadFrom(io.LimitReader(response.Body, 10<<20)); err != nil {
		return p, err
	}
	return p, json.Unmarshal(buffer.Bytes(), &p)
}
