// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

// intercepted is a client with every kind of result.
type intercepted struct {
	client.ServiceClient `url:"http://i.invalid" name:"i" retry:"3" retry-base-delay:"0s"`

	Get    func(ctx context.Context, id string) (Product, error)    `get:"/products/{id}"`
	Pay    func(ctx context.Context, body Product) error            `post:"/payments" idempotent:"true"`
	Stream func(ctx context.Context) (io.ReadCloser, error)         `get:"/stream"`
	Upload func(ctx context.Context, body io.Reader) error          `post:"/upload"`
	Text   func(ctx context.Context, h http.Header) (string, error) `get:"/text"`
}

// startIntercepted starts an application with interceptors of calls, the first
// outermost.
func startIntercepted(t *testing.T, port portFunc, interceptors ...client.CallInterceptor) *intercepted {
	t.Helper()
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	client.Register[intercepted](app)
	for i, interceptor := range interceptors {
		app.Register(func() client.CallInterceptor { return interceptor }, container.Named(fmt.Sprint("interceptor", i)))
	}
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return getBean[intercepted](t, app)
}

func TestACallInterceptorSeesEachCallOnce(t *testing.T) {
	var log []string
	trace := func(name string) client.CallInterceptor {
		return func(next client.Exchange) client.Exchange {
			return func(req *http.Request) (*http.Response, error) {
				call, ok := client.CallOf(req.Context())
				log = append(log, fmt.Sprintf("%s %s.%s %d %t", name, call.Client, call.Method, call.Attempt, ok))
				req.Header.Set("X-"+name, "1")
				response, err := next(req)
				var failed *client.Error
				if errors.As(err, &failed) {
					log = append(log, fmt.Sprintf("%s %d after %d", name, failed.Status, failed.Attempts))
				}
				return response, err
			}
		}
	}
	attempts := 0
	c := startIntercepted(t, func(r *http.Request) (*http.Response, error) {
		attempts++
		if r.Header.Get("X-Outer") != "1" || r.Header.Get("X-Inner") != "1" {
			t.Errorf("attempt %d has the headers %v", attempts, r.Header)
		}
		if attempts < 3 {
			return answer(503, ""), nil
		}
		if strings.HasSuffix(r.URL.Path, "missing") {
			return answer(404, ""), nil
		}
		return answer(200, `{"name":"rake"}`), nil
	}, trace("Outer"), trace("Inner"))

	if p, err := c.Get(t.Context(), "1"); err != nil || p.Name != "rake" || attempts != 3 {
		t.Errorf("got %v, %v after %d attempts", p, err, attempts)
	}
	if _, err := c.Get(t.Context(), "missing"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	want := "Outer i.Get 0 true,Inner i.Get 0 true,Outer i.Get 0 true,Inner i.Get 0 true,Inner 404 after 1,Outer 404 after 1"
	if got := strings.Join(log, ","); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestACallInterceptorMayAnswerItself(t *testing.T) {
	var cached sync.Map
	cache := func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			if body, ok := cached.Load(req.URL.Path); ok {
				return answer(200, body.(string), "Content-Type", "application/json"), nil
			}
			response, err := next(req)
			if err != nil {
				return nil, err
			}
			body, err := io.ReadAll(response.Body)
			if err != nil {
				return nil, err
			}
			cached.Store(req.URL.Path, string(body))
			return answer(response.StatusCode, string(body)), nil
		}
	}
	sent := 0
	c := startIntercepted(t, func(*http.Request) (*http.Response, error) {
		sent++
		return answer(200, `{"name":"rake"}`), nil
	}, cache)
	for range 3 {
		if p, err := c.Get(t.Context(), "1"); err != nil || p.Name != "rake" {
			t.Errorf("got %v, %v", p, err)
		}
	}
	if sent != 1 {
		t.Errorf("%d requests were sent, want 1", sent)
	}
}

func TestWhatACallInterceptorReturnsIsTreatedAsAnAnswer(t *testing.T) {
	failed := errors.New("not today")
	for name, c := range map[string]struct {
		exchange client.Exchange
		want     error
	}{
		"status":  {func(*http.Request) (*http.Response, error) { return answer(404, ""), nil }, client.ErrNotFound},
		"nothing": {func(*http.Request) (*http.Response, error) { return nil, nil }, nil},
		"no JSON": {func(*http.Request) (*http.Response, error) { return answer(200, "<html>"), nil }, client.ErrDecode},
		"error":   {func(*http.Request) (*http.Response, error) { return nil, failed }, failed},
		"no body": {func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 500}, nil }, client.ErrUnavailable},
	} {
		i := startIntercepted(t, nil, func(client.Exchange) client.Exchange { return c.exchange })
		_, err := i.Get(t.Context(), "1")
		var failure *client.Error
		if !errors.As(err, &failure) || c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestACallInterceptorMayRunACallAgain(t *testing.T) {
	keys := map[string]int{}
	c := startIntercepted(t, func(r *http.Request) (*http.Response, error) {
		keys[r.Header.Get("Idempotency-Key")]++
		if r.Header.Get("X-Token") != "fresh" {
			return answer(401, ""), nil
		}
		body, _ := io.ReadAll(r.Body)
		if string(body) != `{"name":"rake"}` {
			t.Errorf("the body is %q", body)
		}
		return answer(204, ""), nil
	}, func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			if body, _ := req.GetBody(); body == nil {
				t.Error("the body cannot be read")
			}
			response, err := next(req)
			if errors.Is(err, client.ErrAuthentication) {
				req.Header.Set("X-Token", "fresh")
				return next(req)
			}
			return response, err
		}
	})
	if err := c.Pay(t.Context(), Product{Name: "rake"}); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 1 || keys[""] != 0 {
		t.Errorf("the keys are %v, want one twice", keys)
	}
}

func TestACallInterceptorSeesStreams(t *testing.T) {
	seen := 0
	c := startIntercepted(t, func(r *http.Request) (*http.Response, error) {
		if r.Body != nil && r.Body != http.NoBody {
			body, _ := io.ReadAll(r.Body)
			return answer(200, string(body)), nil
		}
		return answer(200, "a stream"), nil
	}, func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			seen++
			response, err := next(req)
			if err == nil && seen == 2 { // wraps the body
				response.Body = struct {
					io.Reader
					io.Closer
				}{response.Body, response.Body}
			}
			return response, err
		}
	})
	for range 2 {
		body, err := c.Stream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(body); string(text) != "a stream" || err != nil {
			t.Errorf("read %q, %v", text, err)
		}
		if err := body.Close(); err != nil {
			t.Error(err)
		}
	}
	if err := c.Upload(t.Context(), io.MultiReader(strings.NewReader("data"))); err != nil || seen != 3 {
		t.Errorf("%v, seen %d", err, seen)
	}
}

func TestWhatACallInterceptorMustNotDo(t *testing.T) {
	for want, change := range map[string]func(*http.Request) *http.Request{
		"another context": func(r *http.Request) *http.Request { return r.WithContext(context.Background()) },
		"another body": func(r *http.Request) *http.Request {
			r.Body = io.NopCloser(strings.NewReader("other"))
			return r
		},
	} {
		c := startIntercepted(t, nil, func(next client.Exchange) client.Exchange {
			return func(req *http.Request) (*http.Response, error) { return next(change(req)) }
		})
		err := c.Pay(t.Context(), Product{})
		if !errors.Is(err, client.ErrInvalidRequest) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want one of %s", err, want)
		}
	}
}

func TestACallInterceptorForSomeClients(t *testing.T) {
	var seen atomic.Int32
	count := client.CallInterceptor(func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			seen.Add(1)
			return next(req)
		}
	})
	ok := portFunc(func(*http.Request) (*http.Response, error) { return answer(200, "{}"), nil })
	for name, want := range map[string]int32{"i": 1, "other": 0} {
		seen.Store(0)
		c := startIntercepted(t, ok, count.ForClients(name))
		if _, err := c.Get(t.Context(), "1"); err != nil || seen.Load() != want {
			t.Errorf("for %s: %v, seen %d", name, err, seen.Load())
		}
	}
}

func TestACallInterceptorIsToldWhatKindOfBodyThereIs(t *testing.T) {
	for body, want := range map[string]int64{"{}": 2, strings.Repeat("x", 64<<10): -1, strings.Repeat("x", 65<<10): -1} {
		var got []string
		interceptor := func(next client.Exchange) client.Exchange {
			return func(req *http.Request) (*http.Response, error) {
				response, err := next(req)
				if err == nil {
					got = append(got, fmt.Sprint(response.ContentLength, client.IsStreaming(req.Context())))
				}
				return response, err
			}
		}
		c := startIntercepted(t, func(*http.Request) (*http.Response, error) { return answer(200, body), nil }, interceptor)
		if err := c.Pay(t.Context(), Product{}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Text(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		stream, err := c.Stream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = stream.Close()
		if fmt.Sprint(want, false) != got[0] || fmt.Sprint(len(body), false) != got[1] || !strings.HasSuffix(got[2], "true") {
			t.Errorf("a body of %d bytes: got %q", len(body), got)
		}
	}
}
