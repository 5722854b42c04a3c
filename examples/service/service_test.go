// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// inventory is the service that the orders call.
type inventory struct {
	*httptest.Server
	answer func(r *http.Request) (status int)

	mu       sync.Mutex
	requests []*http.Request
}

func newInventory(t *testing.T, answer func(r *http.Request) int) *inventory {
	i := &inventory{answer: answer}
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	return i
}

func (i *inventory) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	i.requests = append(i.requests, r)
	i.mu.Unlock()
	status := http.StatusOK
	if i.answer != nil {
		status = i.answer(r)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"id":"r-1","product_id":"p-1","quantity":7}`)
}

func (i *inventory) received() []*http.Request {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.requests
}

// application makes an application with the example's settings and those given in
// pairs.
func application(t *testing.T, inventory string, settings ...string) *container.ApplicationContext {
	t.Helper()
	all := map[string]any{
		"server.address": "127.0.0.1:0", "pyfly.actuator.port": 0,
		"pyfly.client.services.inventory-client.base-url": inventory,
	}
	for i := 0; i < len(settings); i += 2 {
		all[settings[i]] = settings[i+1]
	}
	cfg, err := config.Load(config.File("pyfly.yaml"), config.Map(all))
	require.NoError(t, err)
	return newApplication(container.WithConfig(cfg), container.WithLogger(slog.New(slog.DiscardHandler)))
}

// start starts an application, which ends with the test.
func start(t *testing.T, app *container.ApplicationContext) *HTTPServer {
	t.Helper()
	require.NoError(t, app.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	return container.Must(container.Get[*HTTPServer](app))
}

// ask sends a request with headers given in pairs, and returns the response with
// its body. It keeps no connection.
func ask(t *testing.T, method, url, body string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(text)
}

func TestOrders(t *testing.T) {
	status := http.StatusOK
	stock := newInventory(t, func(*http.Request) int { return status })
	server := start(t, application(t, stock.URL))
	for name, c := range map[string]struct {
		method, path, body string
		inventory, want    int
		text               string
	}{
		"a product":            {"GET", "/products/p-1", "", 200, 200, `{"product_id":"p-1","quantity":7}`},
		"a missing product":    {"GET", "/products/p-2", "", 404, 404, "Not Found"},
		"an order":             {"POST", "/orders", `{"product_id":"p-1","quantity":2}`, 200, 201, `{"product_id":"p-1","quantity":2,"reservation_id":"r-1"}`},
		"too large an order":   {"POST", "/orders", `{"product_id":"p-1","quantity":9}`, 409, 409, "Conflict"},
		"no order":             {"POST", "/orders", `{}`, 200, 400, "the body must be an order with a product_id and a quantity"},
		"an inventory's fault": {"GET", "/products/p-1", "", 500, 502, "Bad Gateway"},
	} {
		status = c.inventory
		response, text := ask(t, c.method, server.URL()+c.path, c.body)
		require.Equal(t, c.want, response.StatusCode, name)
		require.Equal(t, c.text, strings.TrimSpace(text), name)
	}
}

func TestWhatARequestHandsOn(t *testing.T) {
	stock := newInventory(t, nil)
	server := start(t, application(t, stock.URL))
	const trace = "4bf92f3577b34da6a3ce929d0e0e4736"
	_, _ = ask(t, "GET", server.URL()+"/products/p-1", "",
		"traceparent", "00-"+trace+"-00f067aa0ba902b7-01", "baggage", "tenant=acme", timeoutHeader, "700ms", attemptHeader, "2")
	_, _ = ask(t, "GET", server.URL()+"/products/p-1", "")
	first, second := stock.received()[0].Header, stock.received()[1].Header

	require.Contains(t, first.Get("traceparent"), trace)
	require.Equal(t, "tenant=acme", first.Get("baggage"))
	require.Equal(t, "2", first.Get(attemptHeader))
	timeout, err := time.ParseDuration(first.Get(timeoutHeader))
	require.NoError(t, err)
	require.LessOrEqual(t, timeout, 700*time.Millisecond)

	require.Empty(t, second.Get(attemptHeader))
	timeout, err = time.ParseDuration(second.Get(timeoutHeader))
	require.NoError(t, err)
	require.LessOrEqual(t, timeout, time.Second, "longer than the client's own limit of an attempt")
}

func TestARetryIsNotRetriedAgain(t *testing.T) {
	for attempt, want := range map[string]int{"": 3, "1": 1} {
		stock := newInventory(t, func(*http.Request) int { return 503 })
		server := start(t, application(t, stock.URL, "pyfly.client.services.inventory-client.retry.base-delay", "1ms"))
		response, _ := ask(t, "GET", server.URL()+"/products/p-1", "", attemptHeader, attempt)
		require.Equal(t, 502, response.StatusCode)
		require.Len(t, stock.received(), want)
	}
}

func TestARequestEndsWithItsDeadline(t *testing.T) {
	release := make(chan struct{})
	stock := newInventory(t, func(r *http.Request) int {
		select {
		case <-release:
		case <-r.Context().Done():
		}
		return 200
	})
	defer close(release)
	for name, c := range map[string]struct{ setting, header string }{
		"of the service": {"50ms", ""},
		"of the caller":  {"1m", "50ms"},
	} {
		server := start(t, application(t, stock.URL, "server.request-timeout", c.setting, "pyfly.client.services.inventory-client.timeout", "1m"))
		response, _ := ask(t, "GET", server.URL()+"/products/p-1", "", timeoutHeader, c.header)
		require.Equal(t, 504, response.StatusCode, name)
	}
}

func TestAPortThatIsTakenFailsTheStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	app := application(t, "http://localhost", "server.address", taken.Addr().String())
	err = app.Start(t.Context())
	var report *container.StartupError
	require.ErrorAs(t, err, &report)
	require.Equal(t, container.CodeHook, report.Problems[0].Code)
	require.ErrorContains(t, err, taken.Addr().String())
}

func TestAServerThatCannotServeEndsTheApplication(t *testing.T) {
	app := application(t, "http://localhost")
	ended := make(chan error, 1)
	ready := app.Ready()
	go func() { ended <- app.Run(t.Context()) }()
	<-ready
	require.NoError(t, container.Must(container.Get[*HTTPServer](app)).listener.Close())
	require.ErrorIs(t, <-ended, net.ErrClosed)
}

// TestRequestsFinishWhenTheApplicationStops has a request under way when the
// shutdown begins, and sends another one meanwhile.
func TestRequestsFinishWhenTheApplicationStops(t *testing.T) {
	arrived, release := make(chan struct{}), make(chan struct{})
	stock := newInventory(t, func(r *http.Request) int {
		if strings.HasSuffix(r.URL.Path, "slow") {
			arrived <- struct{}{}
			<-release
		}
		return 200
	})
	app := application(t, stock.URL, "pyfly.context.shutdown-delay", "1h", "server.request-timeout", "1m", "pyfly.client.services.inventory-client.timeout", "1m")
	require.NoError(t, app.Start(t.Context()))
	server := container.Must(container.Get[*HTTPServer](app))
	answered := make(chan int, 1)
	go func() {
		response, _ := ask(t, "GET", server.URL()+"/products/slow", "")
		answered <- response.StatusCode
	}()
	<-arrived

	ctx, endDelay := context.WithCancel(context.Background())
	stopped := make(chan error, 1)
	go func() { stopped <- app.Stop(ctx) }()
	require.Eventually(t, server.isEnding.Load, 10*time.Second, time.Millisecond)
	response, _ := ask(t, "POST", server.URL()+"/orders", `{"product_id":"p-1","quantity":2}`)
	require.Equal(t, 201, response.StatusCode, "it serves on")
	require.True(t, response.Close, "the connection stays open")

	close(release)
	require.Equal(t, 200, <-answered)
	endDelay()
	<-stopped // Stop has no time to wait for connections, and may say so
}

func TestRequestsThatTakeTooLongAreCut(t *testing.T) {
	arrived := make(chan struct{}, 1)
	stock := newInventory(t, func(r *http.Request) int {
		arrived <- struct{}{}
		<-r.Context().Done()
		return 200
	})
	app := application(t, stock.URL, "pyfly.context.shutdown-timeout", "50ms", "server.request-timeout", "1m", "pyfly.client.services.inventory-client.timeout", "1m")
	require.NoError(t, app.Start(t.Context()))
	server := container.Must(container.Get[*HTTPServer](app))
	failed := make(chan error, 1)
	go func() {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		_, err := client.Get(server.URL() + "/products/p-1") //nolint:bodyclose // there is none
		failed <- err
	}()
	<-arrived
	err := app.Stop(context.Background())
	require.ErrorContains(t, err, "requests were cut")
	require.True(t, errors.Is(err, context.DeadlineExceeded))
	require.Error(t, <-failed)
}
