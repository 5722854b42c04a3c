// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Product is what the services of these tests are about.
type Product struct {
	ID    string `json:"id,omitempty"`
	Name  string `json:"name"`
	Price int    `json:"price,omitempty"`
}

// portFunc is a port made of a function.
type portFunc func(*http.Request) (*http.Response, error)

func (f portFunc) Request(r *http.Request) (*http.Response, error) { return f(r) }
func (portFunc) Start(context.Context) error                       { return nil }
func (portFunc) Stop(context.Context) error                        { return nil }

// answer makes a response of a port.
func answer(status int, body string, header ...string) *http.Response {
	r := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(bytes.NewBufferString(body))}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// wire makes a client over a port, by the post-processor alone.
func wire[T any](t *testing.T, settings map[string]any, port client.HttpClientPort) *T {
	t.Helper()
	return wireBy[T](t, settings, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
}

func wireBy[T any](t *testing.T, settings map[string]any, opts ...client.Option) *T {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	p := client.NewHttpClientBeanPostProcessor(append([]client.Option{
		client.WithConfig(config.New(settings)), client.WithLogger(quiet)}, opts...)...)
	bean, err := p.AfterInit(client.NewStub[T](), "client")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return bean.(*T)
}

// sent is what a server saw of a request.
type sent struct {
	Verb, Path, Query string
	Header            http.Header
	Body              string
}

// server is a real HTTP server that records requests.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []sent
}

// serve starts a server that answers with handler, or with an empty JSON object.
func serve(t *testing.T, handler http.HandlerFunc) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		s.mu.Lock()
		s.requests = append(s.requests, sent{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Clone(), string(body)})
		s.mu.Unlock()
		if handler == nil {
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, "{}")
			return
		}
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) seen() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests
}

// last returns the last request, and fails if there is none.
func (s *server) last(t *testing.T) sent {
	t.Helper()
	requests := s.seen()
	if len(requests) == 0 {
		t.Fatal("the server saw no request")
	}
	return requests[len(requests)-1]
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// catalog is the client of most tests.
type catalog struct {
	client.HttpClient `url:"http://catalog.invalid"`

	Get     func(ctx context.Context, id string) (Product, error)                                            `get:"/products/{id}"`
	Search  func(ctx context.Context, category string, inStock bool) ([]Product, error)                      `get:"/products{?category,in_stock}"`
	Filter  func(ctx context.Context, more url.Values, header http.Header, tags []string) ([]Product, error) `get:"/products?sort=name{&tags}"`
	Create  func(ctx context.Context, body Product) (Product, error)                                         `post:"/products"`
	Update  func(ctx context.Context, id string, body Product) (Product, error)                              `put:"/products/{id}"`
	Rename  func(ctx context.Context, id string, body map[string]string) (client.Response[Product], error)   `patch:"/products/{id}"`
	Delete  func(ctx context.Context, id string) error                                                       `delete:"/products/{id}"`
	Exists  func(ctx context.Context, id string) error                                                       `head:"/products/{id}"`
	Options func(ctx context.Context) error                                                                  `options:"/products"`
	Raw     func(ctx context.Context) ([]byte, error)                                                        `get:"/raw"`
	Text    func(ctx context.Context) (string, error)                                                        `get:"/text"`
	Upload  func(ctx context.Context, name string, body []byte) error                                        `put:"/files/{name}"`
	Touch   func(ctx context.Context, id *int) error                                                         `post:"/touch{?id}"`
	Pay     func(ctx context.Context, body Product) error                                                    `post:"/payments" idempotent:"true"`
}

// over returns settings that send the client of the given name to a server.
func over(name, url string, more ...any) map[string]any {
	settings := map[string]any{"pyfly.client.services." + name + ".base-url": url}
	for i := 0; i+1 < len(more); i += 2 {
		settings[fmt.Sprint(more[i])] = more[i+1]
	}
	return settings
}

func newApp(settings map[string]any, opts ...client.Option) *container.ApplicationContext {
	app := container.NewApplicationContext(
		container.WithConfig(config.New(settings)), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module(opts...))
	return app
}

// getBean returns the client of an application.
func getBean[T any](t *testing.T, app *container.ApplicationContext) *T {
	t.Helper()
	bean, err := container.Get[*T](app)
	if err != nil {
		t.Fatal(err)
	}
	return bean
}

// startWith starts an application of one client, with interceptors and codings
// as beans.
func startWith[T any](t *testing.T, settings map[string]any, beans []any, opts ...client.Option) *T {
	t.Helper()
	app := newApp(settings, opts...)
	for i, bean := range beans {
		named := container.Named(fmt.Sprint("bean", i))
		switch bean := bean.(type) {
		case client.Interceptor:
			app.Register(func() client.Interceptor { return bean }, named)
		case client.CallInterceptor:
			app.Register(func() client.CallInterceptor { return bean }, named)
		case client.ContentCoding:
			app.Register(func() client.ContentCoding { return bean }, named)
		default:
			t.Fatalf("what is a %T?", bean)
		}
	}
	client.Register[T](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return getBean[T](t, app)
}

// through makes ports of a function.
func through(port portFunc) client.Option {
	return client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil })
}
