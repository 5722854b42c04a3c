// SPDX-License-Identifier: Apache-2.0

package clienttest_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/clienttest"
)

var errDown = errors.New("service down")

func send(ctx context.Context, port client.HttpClientPort, verb, target, body string) (status int, answer string, err error) {
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, verb, target, reader)
	if err != nil {
		return 0, "", err
	}
	response, err := port.Request(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = response.Body.Close() }()
	content, err := io.ReadAll(response.Body)
	return response.StatusCode, string(content), err
}

func TestPortGivesAnswersInOrderAndRepeatsTheLast(t *testing.T) {
	port := clienttest.NewPort()
	port.On("GET", "/products/42").Respond(500, "").Fail(errDown)
	port.On("get", "/products/42").RespondJSON(200, map[string]int{"id": 42})
	for i, want := range []struct {
		status int
		body   string
		err    error
	}{{500, "", nil}, {0, "", errDown}, {200, `{"id":42}`, nil}, {200, `{"id":42}`, nil}} {
		status, body, err := send(t.Context(), port, "GET", "/products/42", "")
		if status != want.status || body != want.body || !errors.Is(err, want.err) {
			t.Errorf("request %d: got %d %q %v, want %+v", i, status, body, err, want)
		}
	}
}

func TestPortMatchesPaths(t *testing.T) {
	for _, c := range []struct {
		path, asked string
		want        bool
	}{
		{"/products", "/products", true},
		{"/products", "/products?page=2", true},
		{"/products", "/products/", false},
		{"/products/{id}", "/products/42", true},
		{"/products/*", "/products/42", true},
		{"/products/{id}", "/products/a%2Fb", true},
		{"/products/{id}", "/products/", false},
		{"/products/{id}", "/products/42/parts", false},
		{"/*/42", "/products/42", true},
		{"/files/a b", "/files/a%20b", true},
		{"/files/a%2Fb", "/files/a%2Fb", true},
		{"/files/a/b", "/files/a%2Fb", false},
		{"/files/%2A", "/files/x", false},
	} {
		port := clienttest.NewPort()
		port.On("GET", c.path).Respond(200, "")
		if _, _, err := send(t.Context(), port, "GET", c.asked, ""); (err == nil) != c.want {
			t.Errorf("%s and %s: match %t, want %t", c.path, c.asked, err == nil, c.want)
		}
	}
}

func TestPortPrefersTheMostSpecificRoute(t *testing.T) {
	port := clienttest.NewPort()
	port.On("GET", "/{a}/{b}").Respond(201, "")
	port.On("GET", "/products/{id}").Respond(202, "")
	port.On("GET", "/products/42").Respond(203, "")
	port.On("GET", "/{a}/42").Respond(204, "")
	for target, want := range map[string]int{"/x/y": 201, "/products/7": 202, "/products/42": 203, "/x/42": 204} {
		if got, _, err := send(t.Context(), port, "GET", target, ""); got != want || err != nil {
			t.Errorf("%s: got %d, %v; want %d", target, got, err, want)
		}
	}
}

func TestPortTellsWhatIsNotProgrammed(t *testing.T) {
	empty := clienttest.NewPort()
	port := clienttest.NewPort()
	port.On("GET", "/products/{id}").Respond(200, "")
	port.On("POST", "/products")
	port.On("GET", "/late").Respond(200, "").Delay(time.Second)
	port.On("GET", "/json").RespondJSON(200, func() {})
	port.On("GET", "/nil-error").Fail(nil)
	port.On("GET", "/nil-func").RespondFunc(nil)
	port.On("GET", "/nothing").RespondFunc(func(*http.Request) (*http.Response, error) { return nil, nil })
	for _, c := range []struct {
		port         *clienttest.Port
		verb, target string
		want         []string
	}{
		{empty, "GET", "/x", []string{"GET /x", "On"}},
		{port, "DELETE", "/products/42", []string{"DELETE /products/42 is not programmed", "GET /products/{id}, POST /products"}},
		{port, "POST", "/products", []string{"POST /products has no answer", "Respond"}},
		{port, "GET", "/late", []string{"GET /late", "Delay", "before"}},
		{port, "GET", "/json", []string{"GET /json", "unsupported type"}},
		{port, "GET", "/nil-error", []string{"GET /nil-error", "nil error"}},
		{port, "GET", "/nil-func", []string{"GET /nil-func", "nil function"}},
		{port, "GET", "/nothing", []string{"GET /nothing", "neither response nor error"}},
	} {
		_, _, err := send(t.Context(), c.port, c.verb, c.target, "")
		if !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s %s: got %v, want an ErrInvalidRequest: it must not be retried", c.verb, c.target, err)
		}
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s %s: got %v, want %q in it", c.verb, c.target, err, want)
			}
		}
	}
}

func TestPortRecordsRequests(t *testing.T) {
	port := clienttest.NewPort()
	port.On("POST", "/files/*").RespondFunc(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if string(body) != "data" || err != nil {
			t.Errorf("the function read %q, %v", body, err)
		}
		return &http.Response{StatusCode: 201}, nil
	})
	adapter, err := port.Factory()(client.PortConfig{Name: "file-client", Header: http.Header{"x-tenant": {"a"}}})
	if err != nil {
		t.Fatal(err)
	}
	if status, _, err := send(t.Context(), adapter, "POST", "/files/a%2Fb?tag=1&tag=2", "data"); status != 201 || err != nil {
		t.Fatalf("got %d, %v", status, err)
	}
	requests := port.Requests()
	if len(requests) != 1 {
		t.Fatalf("got %d requests, want 1", len(requests))
	}
	r := requests[0]
	if r.Client != "file-client" || r.Verb != "POST" || r.Path != "/files/a%2Fb" || string(r.Body) != "data" ||
		!slices.Equal(r.Query["tag"], []string{"1", "2"}) || r.Header.Get("X-Tenant") != "a" {
		t.Errorf("recorded %+v", r)
	}
	if configs := port.Configs(); len(configs) != 1 || configs[0].Name != "file-client" {
		t.Errorf("configs %+v", configs)
	}
}

func TestPortTakesTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := clienttest.NewPort()
		port.On("GET", "/slow").Delay(time.Minute).Respond(200, "late").Respond(200, "soon")
		port.On("GET", "/never").Hang()
		begun := time.Now()
		for i, want := range []time.Duration{time.Minute, time.Minute} { // the second takes none
			if _, _, err := send(t.Context(), port, "GET", "/slow", ""); err != nil || time.Since(begun) != want {
				t.Errorf("request %d ended after %s, %v; want %s", i, time.Since(begun), err, want)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, _, err := send(ctx, port, "GET", "/never", ""); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want context.DeadlineExceeded", err)
		}
	})
}

func TestPortHeedsTheContextWhileTheBodyIsRead(t *testing.T) {
	port := clienttest.NewPort()
	port.On("GET", "/").Respond(200, "body")
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "GET", "/", nil)
	response, err := port.Request(req)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(response.Body); !errors.Is(err, context.Canceled) {
		t.Errorf("reading the body: %v, want context.Canceled", err)
	}
	if _, _, err := send(ctx, port, "GET", "/", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("another request: %v, want context.Canceled", err)
	}
}

func TestPortStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := clienttest.NewPort()
		port.On("GET", "/slow").Delay(time.Second).Respond(200, "")
		port.On("GET", "/never").Hang()
		_ = port.Start(t.Context())
		var slow, never error
		var wg sync.WaitGroup
		wg.Go(func() { _, _, slow = send(t.Context(), port, "GET", "/slow", "") })
		wg.Go(func() { _, _, never = send(t.Context(), port, "GET", "/never", "") })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if err := port.Stop(ctx); err == nil || !strings.Contains(err.Error(), "stop timeout: 1") {
			t.Errorf("Stop must tell that it cut 1 request: %v", err)
		}
		wg.Wait()
		if slow != nil || !errors.Is(never, client.ErrStopped) {
			t.Errorf("the slow request: %v, the hanging one: %v", slow, never)
		}
		if _, _, err := send(t.Context(), port, "GET", "/slow", ""); !errors.Is(err, client.ErrStopped) {
			t.Errorf("after Stop: %v", err)
		}
		if err := port.Stop(t.Context()); err != nil {
			t.Errorf("a second Stop: %v", err)
		}
		if port.Started() != 1 || port.Stopped() != 2 {
			t.Errorf("started %d, stopped %d times; want 1, 2", port.Started(), port.Stopped())
		}
	})
}

func TestClientsOfOnePortStopOneByOne(t *testing.T) {
	port := clienttest.NewPort()
	port.On("GET", "/").Respond(200, "")
	a, _ := port.Factory()(client.PortConfig{Name: "a"})
	b, _ := port.Factory()(client.PortConfig{Name: "b"})
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := send(t.Context(), a, "GET", "/", ""); !errors.Is(err, client.ErrStopped) {
		t.Errorf("the stopped client: %v, want ErrStopped", err)
	}
	if _, _, err := send(t.Context(), b, "GET", "/", ""); err != nil {
		t.Errorf("the other client: %v", err)
	}
}

func TestPortIsSafeForConcurrentUse(t *testing.T) {
	port := clienttest.NewPort()
	route := port.On("GET", "/").Respond(200, "")
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { _, _, _ = send(t.Context(), port, "GET", "/", "") })
		wg.Go(func() { route.Respond(200, ""); port.On("GET", "/x"); port.Requests() })
	}
	wg.Wait()
	if n := len(port.Requests()); n != 50 {
		t.Errorf("%d requests were recorded, want 50", n)
	}
}
