// SPDX-License-Identifier: Apache-2.0

package httpcache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/httpcache"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// docClient has methods of many kinds for one service.
type docClient struct {
	client.HttpClient `url:"http://docs.invalid/api" name:"docs"`

	Get    func(ctx context.Context, link client.URL, h http.Header) (client.Response[string], error)              `get:"/doc"`
	Again  func(ctx context.Context, link client.URL, h http.Header) (client.Response[string], error)              `get:"/doc"`
	Touch  func(ctx context.Context, link client.URL, h http.Header) error                                         `get:"/doc"`
	Head   func(ctx context.Context, link client.URL, h http.Header) (client.Response[string], error)              `head:"/doc"`
	Stream func(ctx context.Context, link client.URL, h http.Header) (io.ReadCloser, error)                        `get:"/doc"`
	Post   func(ctx context.Context, body string, link client.URL, h http.Header) (client.Response[string], error) `post:"/doc"`
	Put    func(ctx context.Context, body string, link client.URL, h http.Header) (client.Response[string], error) `put:"/doc"`
	Patch  func(ctx context.Context, body string, link client.URL, h http.Header) (client.Response[string], error) `patch:"/doc"`
	Delete func(ctx context.Context, link client.URL, h http.Header) (client.Response[string], error)              `delete:"/doc"`
}

// service is the port of a docClient: it responds as it is told, and counts.
type service struct {
	respond func(r *http.Request, n int) (*http.Response, error)

	mu       sync.Mutex
	requests []*http.Request
}

func (s *service) Request(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.requests = append(s.requests, r)
	n := len(s.requests)
	s.mu.Unlock()
	return s.respond(r, n)
}
func (*service) Start(context.Context) error { return nil }
func (*service) Stop(context.Context) error  { return nil }

func (s *service) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.requests)
}

func (s *service) last() *http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests[len(s.requests)-1]
}

// responded makes a response. Headers are "Name: value"; a value "@10" is the date
// in ten seconds.
func responded(status int, body string, headers ...string) *http.Response {
	return &http.Response{StatusCode: status, Header: headerOf(headers...), Body: io.NopCloser(bytes.NewBufferString(body)), ContentLength: int64(len(body))}
}

func headerOf(headers ...string) http.Header {
	header := http.Header{}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if offset, isDate := strings.CutPrefix(value, "@"); isDate {
			d, err := time.ParseDuration(offset + "s")
			if err != nil {
				panic(err)
			}
			value = time.Now().Add(d).UTC().Format(http.TimeFormat)
		}
		header.Add(name, value)
	}
	return header
}

// start starts an application with a docClient. Settings are pairs below
// pyfly.client.services.docs.
func start(t *testing.T, s *service, settings map[string]any, more ...func(*container.ApplicationContext)) (*docClient, *container.ApplicationContext) {
	t.Helper()
	cfg := map[string]any{}
	for key, value := range settings {
		cfg["pyfly.client.services.docs."+key] = value
	}
	app := container.NewApplicationContext(container.WithConfig(config.New(cfg)), container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module(client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return s, nil })))
	app.Install(httpcache.Module())
	client.Register[docClient](app)
	for _, configure := range more {
		configure(app)
	}
	require.NoError(t, app.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	return container.Must(container.Get[*docClient](app)), app
}

// statsOf returns the statistics of the docClient.
func statsOf(t *testing.T, app *container.ApplicationContext) httpcache.ClientStats {
	t.Helper()
	stats := httpcache.Stats(app)
	require.Len(t, stats, 1)
	return stats[0]
}

// outcome returns status, header and body of a result, be it an error or not.
func outcome(r client.Response[string], err error) (status int, header http.Header, body string) {
	var failed *client.Error
	if errors.As(err, &failed) {
		return failed.Status, failed.Header, string(failed.Body)
	}
	if err != nil {
		return -1, nil, err.Error()
	}
	return r.Status, r.Header, r.Body
}

// numbered responds with the number of the request and some headers.
func numbered(headers ...string) *service {
	return &service{respond: func(_ *http.Request, n int) (*http.Response, error) {
		return responded(200, fmt.Sprint(n), headers...), nil
	}}
}
