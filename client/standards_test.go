// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

type bodyClient struct {
	client.HttpClient `name:"bodies"`

	Bytes  func(ctx context.Context, body []byte) error     `post:"/bytes"`
	Text   func(ctx context.Context, body string) error     `post:"/text" content-type:"text/plain"`
	Form   func(ctx context.Context, body url.Values) error `post:"/form" content-type:"application/x-www-form-urlencoded"`
	Reader func(ctx context.Context, body io.Reader) error  `put:"/reader"`
	Delete func(ctx context.Context) error                  `delete:"/all"`
}

func TestAnEmptyBodyHasALength(t *testing.T) {
	for name, call := range map[string]func(ctx context.Context, c *bodyClient) error{
		"bytes":  func(ctx context.Context, c *bodyClient) error { return c.Bytes(ctx, []byte{}) },
		"text":   func(ctx context.Context, c *bodyClient) error { return c.Text(ctx, "") },
		"form":   func(ctx context.Context, c *bodyClient) error { return c.Form(ctx, url.Values{}) },
		"reader": func(ctx context.Context, c *bodyClient) error { return c.Reader(ctx, strings.NewReader("")) },
		"none":   func(ctx context.Context, c *bodyClient) error { return c.Delete(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			var length int64
			var chunked []string
			server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				length, chunked = r.ContentLength, r.TransferEncoding
			}))
			defer server.Close()
			c := wireBy[bodyClient](t, map[string]any{"pyfly.client.services.bodies.base-url": server.URL})
			if err := call(t.Context(), c); err != nil || length != 0 || len(chunked) > 0 {
				t.Errorf("%v: Content-Length %d, Transfer-Encoding %v", err, length, chunked)
			}
		})
	}
}

func TestABodyThatNobodyReadsMayBeLarge(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, 1<<20))
	}))
	defer server.Close()
	c := wireBy[bodyClient](t, map[string]any{
		"pyfly.client.services.bodies.base-url": server.URL, "pyfly.client.services.bodies.max-response-size": "1KiB",
	})
	if err := c.Delete(t.Context()); err != nil {
		t.Error(err)
	}
}

type declaringClient struct {
	client.ServiceClient `url:"http://declares.invalid" name:"declares"`

	Post func(ctx context.Context, body string) (string, error) `post:"/" headers:"X-A: 1; X-B: 2" content-type:"text/plain"`
}

func TestACallInterceptorTakesOffDeclaredHeaders(t *testing.T) {
	for _, name := range []string{"X-A", "Accept", "Content-Type"} {
		t.Run(name, func(t *testing.T) {
			var sent http.Header
			port := portFunc(func(r *http.Request) (*http.Response, error) {
				sent = r.Header.Clone()
				return answer(200, "ok"), nil
			})
			app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
			app.Register(func() client.CallInterceptor {
				return func(next client.Exchange) client.Exchange {
					return func(req *http.Request) (*http.Response, error) {
						req.Header.Del(name)
						return next(req)
					}
				}
			})
			client.Register[declaringClient](app)
			if err := app.Start(t.Context()); err != nil {
				t.Fatal(err)
			}
			c := container.Must(container.Get[*declaringClient](app))
			if _, err := c.Post(t.Context(), "x"); err != nil || sent[name] != nil || sent.Get("X-B") != "2" {
				t.Errorf("%v: sent %v", err, sent)
			}
			if err := app.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

type againClient struct {
	client.ServiceClient `url:"http://again.invalid" name:"again" retry:"false"`

	Events func(ctx context.Context) iter.Seq2[client.Event, error] `get:"/events" reconnect:"true"`
	List   func(ctx context.Context) iter.Seq2[Product, error]      `get:"/products"`
}

func TestAnEventDoesNotWaitForTheByteAfterIt(t *testing.T) {
	for name, end := range map[string]string{"LF": "\n", "CR LF": "\r\n", "CR": "\r"} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				event := "data: a" + end + end
				c := wire[againClient](t, nil, streaming("text/event-stream", &pacedBody{pause: time.Second, pieces: []string{event, event, event}}))
				begun, n := time.Now(), 0
				for e, err := range c.Events(t.Context()) {
					n++
					if err != nil || e.Data != "a" || time.Since(begun) != time.Duration(n)*time.Second {
						t.Fatalf("event %d after %s: %q, %v", n, time.Since(begun), e.Data, err)
					}
					if n == 3 {
						break
					}
				}
			})
		})
	}
}

func TestAStreamOfEventsDoesNotBeginAgainAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		most int // connections in ten seconds
	}{
		"with events":    {"retry: 0\n\ndata: a\n\n", 101},
		"without events": {"retry: 0\n\n", 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				connections := 0
				again := wire[againClient](t, nil, portFunc(func(*http.Request) (*http.Response, error) {
					connections++
					response := answer(200, c.body)
					response.Header.Set("Content-Type", "text/event-stream")
					return response, nil
				}))
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				for _, err := range again.Events(ctx) {
					if err != nil && !errors.Is(err, context.DeadlineExceeded) {
						t.Error(err)
					}
				}
				if connections > c.most || connections < 5 {
					t.Errorf("%d connections in ten seconds, want at most %d", connections, c.most)
				}
			})
		})
	}
}

func TestAConnectionThatBreaksIsNoDecodeError(t *testing.T) {
	for name, text := range map[string]string{"inside an element": `[{"name":"a"},{"na`, "between two": `[{"name":"a"},`, "at the beginning": `[`} {
		for media, contentType := range map[string]string{"array": "application/json", "ndjson": "application/x-ndjson"} {
			t.Run(name+" of "+media, func(t *testing.T) {
				text := text
				if media == "ndjson" {
					text = strings.NewReplacer("[", "", "},", "}\n").Replace(text)
				}
				c := wire[againClient](t, nil, portFunc(func(*http.Request) (*http.Response, error) {
					body := io.MultiReader(strings.NewReader(text), brokenBody{})
					return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(body)}, nil
				}))
				var last error
				for _, err := range c.List(t.Context()) {
					last = err
				}
				if errors.Is(last, client.ErrDecode) || !errors.Is(last, io.ErrUnexpectedEOF) {
					t.Errorf("got %v", last)
				}
			})
		}
	}
}

// brokenBody is where a connection was cut.
type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestACallerMayWorkBetweenTwoElements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &pacedBody{pause: time.Second, pieces: []string{`[{"name":"a"},`, `{"name":"b"},`, `{"name":"c"}]`}}
		c := wire[againClient](t, map[string]any{"pyfly.client.services.again.stream-idle-timeout": "2s"}, streaming("application/json", body))
		n := 0
		for _, err := range c.List(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			time.Sleep(time.Minute) // the caller's work, in virtual time
		}
		if n != 3 {
			t.Errorf("got %d elements", n)
		}
	})
}
