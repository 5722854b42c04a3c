// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/pyfly-go/pyfly/client"
)

// labelled is a client with headers from everywhere.
type labelled struct {
	client.ServiceClient `url:"http://labelled.invalid" name:"labelled" retry-base-delay:"0s" headers:"X-Client: shop"`

	Get  func(ctx context.Context, h http.Header, opts ...client.CallOption) (Product, error) `get:"/" headers:"X-T: a; X-T: b; X-T: c"`
	Post func(ctx context.Context, h http.Header, body Product) (Product, error)              `post:"/" idempotent:"true" headers:"X-T: a; X-T: b; X-T: c"`
	Open func(ctx context.Context, h http.Header) (io.ReadCloser, error)                      `get:"/" headers:"X-T: a; X-T: b; X-T: c"`
}

const labelledService = "pyfly.client.services.labelled."

func labelledSettings(more ...any) map[string]any {
	return over("labelled", "http://labelled.invalid", append([]any{
		labelledService + "headers.X-Set", "set", labelledService + "auth.bearer.token", "t-1", labelledService + "circuit-breaker.enabled", false,
	}, more...)...)
}

// scribble writes wherever a header can be written to.
func scribble(header http.Header) {
	for name := range maps.Clone(header) {
		header.Add(name, "scribbled")
		header[name][0] = "scribbled"
	}
	header.Set("X-Scribbled", "1")
}

// recorder keeps what was sent.
type recorder struct {
	mu     sync.Mutex
	copies []http.Header
}

func (r *recorder) record(req *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.copies = append(r.copies, req.Header.Clone())
}

// scribblingTransport records a request, writes into its header, and answers.
type scribblingTransport struct {
	*recorder
	status int
}

func (s scribblingTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	s.record(req)
	scribble(req.Header)
	response := answer(s.status, "{}")
	response.Request = req
	return response, nil
}

func (s scribblingTransport) wrap(http.RoundTripper) http.RoundTripper { return s }

// TestAHeaderBelongsToOneAttempt: whatever is done to the header of one request,
// no other request is sent with it, and the caller's is as it was.
func TestAHeaderBelongsToOneAttempt(t *testing.T) {
	for way, newClient := range map[string]func(*testing.T, scribblingTransport) *labelled{
		"a port": func(t *testing.T, s scribblingTransport) *labelled {
			return wire[labelled](t, labelledSettings(), portFunc(s.RoundTrip))
		},
		"a wrapped transport": func(t *testing.T, s scribblingTransport) *labelled {
			return wireBy[labelled](t, labelledSettings(), client.WithTransport(s.wrap))
		},
		"an interceptor": func(t *testing.T, s scribblingTransport) *labelled {
			intercept := client.Interceptor(func(client.Exchange) client.Exchange { return s.RoundTrip })
			return startWith[labelled](t, labelledSettings(), []any{intercept})
		},
		"a port behind codings": func(t *testing.T, s scribblingTransport) *labelled {
			return startWith[labelled](t, labelledSettings(), []any{client.ContentCoding(plus)}, through(s.RoundTrip))
		},
		"a port behind a propagator": func(t *testing.T, s scribblingTransport) *labelled {
			return wireBy[labelled](t, labelledSettings(), through(s.RoundTrip),
				client.WithTelemetry(noop.NewTracerProvider(), nil), client.WithPropagator(propagation.TraceContext{}))
		},
		"a port behind an interceptor of calls": func(t *testing.T, s scribblingTransport) *labelled {
			intercept := client.CallInterceptor(func(next client.Exchange) client.Exchange {
				return func(req *http.Request) (*http.Response, error) {
					response, err := next(req)
					scribble(req.Header)
					return response, err
				}
			})
			return startWith[labelled](t, labelledSettings(), []any{intercept}, through(s.RoundTrip))
		},
	} {
		t.Run(way, func(t *testing.T) {
			ctx := trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
				TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, Remote: true,
			}))
			own := append(make([]string, 0, 8), "own") // with room to append
			given := http.Header{"X-Own": own, "X-Empty": {}, "X-Nil": nil, "Accept-Language": {"de", "en", "fr", "it", "es", "pt"}}
			before := given.Clone()
			for verb, call := range map[string]func(*labelled) error{
				"GET": func(c *labelled) error {
					_, err := c.Get(ctx, given, client.CallHeader("X-Call", "1"), client.CallHeader("X-Call", "2"), client.CallHeader("X-Call", "3"))
					return err
				},
				"POST": func(c *labelled) error { _, err := c.Post(ctx, given, Product{Name: "rake"}); return err },
				"stream": func(c *labelled) error {
					body, err := c.Open(ctx, given)
					if err == nil {
						err = body.Close()
					}
					return err
				},
			} {
				for _, status := range []int{200, 500} {
					s := scribblingTransport{&recorder{}, status}
					c := newClient(t, s)
					for range 2 {
						if err := call(c); (err == nil) != (status == 200) {
							t.Fatalf("%s: %v", verb, err)
						}
					}
					wantSameHeaders(t, fmt.Sprint(verb, " ", status), s.copies)
					if !reflect.DeepEqual(given, before) || own[:2][1] != "" {
						t.Fatalf("%s: the caller's header is %v %v", verb, given, own[:2])
					}
				}
			}
		})
	}
}

// wantSameHeaders fails unless all requests were sent with the same header. Calls
// differ in their Idempotency-Key, of which there are three attempts each.
func wantSameHeaders(t *testing.T, name string, headers []http.Header) {
	t.Helper()
	keys := map[string]int{}
	for _, h := range headers {
		keys[h.Get("Idempotency-Key")]++
		h.Del("Idempotency-Key")
		if !reflect.DeepEqual(h, headers[0]) {
			t.Errorf("%s: sent with %v, and before with %v", name, h, headers[0])
		}
		if got := h["X-T"]; !slices.Equal(got, []string{"a", "b", "c"}) {
			t.Errorf("%s: sent with X-T: %v", name, got)
		}
	}
	for _, n := range keys {
		if n != len(headers) && n != len(headers)/2 {
			t.Errorf("%s: the keys were %v", name, keys)
		}
	}
}

func TestValuesThatAnInterceptorAddsAreSentWithItsCallOnly(t *testing.T) {
	s := serve(t, nil)
	intercept := client.Interceptor(func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			req.Header.Add("X-T", req.Header.Get("X-Own"))
			return next(req)
		}
	})
	c := startWith[labelled](t, over("labelled", s.URL), []any{intercept})
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			if _, err := c.Get(t.Context(), http.Header{"X-Own": {fmt.Sprint(i)}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, request := range s.seen() {
		if got := strings.Join(request.Header["X-T"], " "); got != "a b c "+request.Header.Get("X-Own") {
			t.Errorf("the call %s was sent with X-T: %s", request.Header.Get("X-Own"), got)
		}
	}
}

// TestWhatACallerGaveIsTheirsAfterTheCall: a hedge that lost may go on.
func TestWhatACallerGaveIsTheirsAfterTheCall(t *testing.T) {
	mayRead, read := make(chan struct{}), make(chan string, 1)
	var mu sync.Mutex
	n := 0
	port := portFunc(func(req *http.Request) (*http.Response, error) {
		mu.Lock()
		n++
		leg := n
		mu.Unlock()
		if leg == 1 {
			<-mayRead
			body, _ := io.ReadAll(req.Body)
			read <- req.Header.Get("X-Own") + " " + string(body)
			return nil, context.Canceled
		}
		return answer(200, "{}"), nil
	})
	type uploader struct {
		client.ServiceClient `url:"http://uploader.invalid" name:"uploader" hedge:"1ms" timeout:"1m"`

		Put func(ctx context.Context, h http.Header, body []byte) error `put:"/"`
	}
	c := wire[uploader](t, nil, port)
	header, body := http.Header{"X-Own": {"before"}}, []byte("before")
	if err := c.Put(t.Context(), header, body); err != nil {
		t.Fatal(err)
	}
	header["X-Own"][0] = "after"
	header.Set("X-More", "after")
	copy(body, "after!")
	close(mayRead)
	if got := <-read; got != "before before" {
		t.Errorf("the attempt that lost was sent with %q", got)
	}
}

func TestAnOldAnswerIsNobodysOwn(t *testing.T) {
	type stale struct {
		client.HttpClient `url:"http://stale.invalid" name:"stale"`

		Get func(ctx context.Context) (client.Response[Product], error) `get:"/"`
	}
	status := 200
	c := wire[stale](t, map[string]any{"pyfly.client.services.stale.stale-if-error": "1h"}, portFunc(func(*http.Request) (*http.Response, error) {
		return answer(status, "{}", "X-T", "a"), nil
	}))
	for range 3 {
		got, err := c.Get(t.Context())
		if err != nil || len(got.Header["X-T"]) != 1 || got.Header.Get("X-T") != "a" {
			t.Fatalf("got %v, %v", got.Header, err)
		}
		scribble(got.Header)
		status = 500
	}
}
