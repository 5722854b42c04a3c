// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/pyfly-go/pyfly/client"
)

// TestWhatGoesOverTheWire calls every method of the catalog client against a
// real server and compares what arrives.
func TestWhatGoesOverTheWire(t *testing.T) {
	ctx := context.Background()
	rake := Product{Name: "rake", Price: 3}
	seven := 7
	cases := map[string]struct {
		call func(c *catalog) error
		want sent
	}{
		"get":            {func(c *catalog) error { _, err := c.Get(ctx, "42"); return err }, sent{Verb: "GET", Path: "/products/42"}},
		"a path escaped": {func(c *catalog) error { _, err := c.Get(ctx, "a/b?c d"); return err }, sent{Verb: "GET", Path: "/products/a%2Fb%3Fc%20d"}},
		"traversal":      {func(c *catalog) error { _, err := c.Get(ctx, "../admin"); return err }, sent{Verb: "GET", Path: "/products/..%2Fadmin"}},
		"braces":         {func(c *catalog) error { _, err := c.Get(ctx, "{x}"); return err }, sent{Verb: "GET", Path: "/products/%7Bx%7D"}},
		"a query":        {func(c *catalog) error { _, err := c.Search(ctx, "garden & home", true); return err }, sent{Verb: "GET", Path: "/products", Query: "category=garden%20%26%20home&in_stock=true"}},
		"further queries": {func(c *catalog) error {
			_, err := c.Filter(ctx, url.Values{"q": {"a b"}, "page": {"2"}}, nil, []string{"x", "y,z"})
			return err
		}, sent{Verb: "GET", Path: "/products", Query: "sort=name&tags=x,y%2Cz&page=2&q=a%20b"}},
		"an empty list": {func(c *catalog) error { _, err := c.Filter(ctx, nil, nil, nil); return err }, sent{Verb: "GET", Path: "/products", Query: "sort=name"}},
		"post":          {func(c *catalog) error { _, err := c.Create(ctx, rake); return err }, sent{Verb: "POST", Path: "/products", Body: `{"name":"rake","price":3}`}},
		"put":           {func(c *catalog) error { _, err := c.Update(ctx, "1", rake); return err }, sent{Verb: "PUT", Path: "/products/1", Body: `{"name":"rake","price":3}`}},
		"patch":         {func(c *catalog) error { _, err := c.Rename(ctx, "1", map[string]string{"name": "hoe"}); return err }, sent{Verb: "PATCH", Path: "/products/1", Body: `{"name":"hoe"}`}},
		"delete":        {func(c *catalog) error { return c.Delete(ctx, "1") }, sent{Verb: "DELETE", Path: "/products/1"}},
		"head":          {func(c *catalog) error { return c.Exists(ctx, "1") }, sent{Verb: "HEAD", Path: "/products/1"}},
		"options":       {func(c *catalog) error { return c.Options(ctx) }, sent{Verb: "OPTIONS", Path: "/products"}},
		"bytes":         {func(c *catalog) error { return c.Upload(ctx, "a.bin", []byte{1, 2}) }, sent{Verb: "PUT", Path: "/files/a.bin", Body: "\x01\x02"}},
		"a nil pointer": {func(c *catalog) error { return c.Touch(ctx, nil) }, sent{Verb: "POST", Path: "/touch"}},
		"a pointer":     {func(c *catalog) error { return c.Touch(ctx, &seven) }, sent{Verb: "POST", Path: "/touch", Query: "id=7"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasPrefix(r.URL.RawQuery, "category") || strings.HasPrefix(r.URL.RawQuery, "sort") {
					writeJSON(w, 200, []Product{{ID: "1"}})
					return
				}
				writeJSON(w, 200, Product{ID: "1"})
			})
			if err := c.call(wireBy[catalog](t, over("catalog", s.URL))); err != nil {
				t.Fatal(err)
			}
			got := s.last(t)
			got.Header = nil
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestHeadersOfARequest(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { writeJSON(w, 200, []Product{}) })
	c := wireBy[catalog](t, over("catalog", s.URL, "pyfly.client.services.catalog.headers.X-Tenant", "from settings",
		"pyfly.client.services.catalog.headers.X-Other", "kept", "pyfly.client.default.headers.X-All", "all"))
	_, err := c.Filter(t.Context(), nil, http.Header{"x-tenant": {"from the call"}, "X-Trace": {"1", "2"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	h := s.last(t).Header
	for name, want := range map[string][]string{
		"X-Tenant": {"from the call"}, "X-Other": {"kept"}, "X-All": {"all"}, "X-Trace": {"1", "2"}, "Accept": {"application/json"},
	} {
		if !reflect.DeepEqual(h[name], want) {
			t.Errorf("%s: %q, want %q", name, h[name], want)
		}
	}
	_ = c.Upload(t.Context(), "x", nil)
	if got := s.last(t).Header.Get("Content-Type"); got != "application/octet-stream" {
		t.Errorf("bytes are sent as %q", got)
	}
	_, _ = c.Create(t.Context(), Product{})
	if got := s.last(t).Header.Get("Content-Type"); got != "application/json" {
		t.Errorf("a struct is sent as %q", got)
	}
}

func TestResults(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/products/none":
			w.WriteHeader(http.StatusNoContent)
		case "/products/empty":
		case "/raw", "/text":
			_, _ = io.WriteString(w, "not { json")
		default:
			w.Header().Set("X-Version", "9")
			writeJSON(w, http.StatusAccepted, map[string]any{"id": "1", "name": "rake", "unknown": true})
		}
	})
	c := wireBy[catalog](t, over("catalog", s.URL))
	ctx := t.Context()

	if p, err := c.Get(ctx, "1"); err != nil || p != (Product{ID: "1", Name: "rake"}) {
		t.Errorf("a struct: %+v, %v", p, err)
	}
	if r, err := c.Rename(ctx, "1", nil); err != nil || r.Status != 202 || r.Header.Get("X-Version") != "9" || r.Body.Name != "rake" {
		t.Errorf("a Response: %+v, %v", r, err)
	}
	for _, id := range []string{"none", "empty"} {
		if p, err := c.Get(ctx, id); err != nil || p != (Product{}) {
			t.Errorf("%s: %+v, %v", id, p, err)
		}
	}
	if b, err := c.Raw(ctx); err != nil || string(b) != "not { json" {
		t.Errorf("bytes: %q, %v", b, err)
	}
	if text, err := c.Text(ctx); err != nil || text != "not { json" {
		t.Errorf("a string: %q, %v", text, err)
	}
}

func TestStatusesBecomeTypedErrors(t *testing.T) {
	kinds := []error{client.ErrValidation, client.ErrAuthentication, client.ErrNotFound, client.ErrConflict,
		client.ErrUnprocessable, client.ErrRateLimited, client.ErrUnavailable}
	for status, want := range map[int]error{
		400: client.ErrValidation, 401: client.ErrAuthentication, 403: client.ErrAuthentication, 404: client.ErrNotFound,
		409: client.ErrConflict, 422: client.ErrUnprocessable, 429: client.ErrRateLimited,
		500: client.ErrUnavailable, 501: client.ErrUnavailable, 503: client.ErrUnavailable, 418: nil, 300: nil,
	} {
		port := newScript(t, func(*http.Request) (*http.Response, error) {
			return answer(status, "why", "X-Id", "7"), nil
		})
		_, err := wire[catalog](t, nil, port).Get(t.Context(), "42")
		for _, kind := range kinds {
			if errors.Is(err, kind) != (kind == want) {
				t.Errorf("status %d: errors.Is(%v) = %t", status, kind, errors.Is(err, kind))
			}
		}
		var e *client.Error
		if !errors.As(err, &e) {
			t.Fatalf("status %d: %v", status, err)
		}
		if e.Client != "catalog" || e.Method != "Get" || e.Verb != "GET" || e.URL != "http://catalog.invalid/products/42" ||
			e.Status != status || e.Header.Get("X-Id") != "7" || string(e.Body) != "why" || e.Attempts != 1 || e.Elapsed <= 0 {
			t.Errorf("%+v", e)
		}
	}
}

func TestProblemDetails(t *testing.T) {
	port := newScript(t, func(*http.Request) (*http.Response, error) {
		return answer(422, `{"type":"https://errors/price","title":"Wrong price","status":422,"detail":"it is negative","instance":"/p/1","field":"price"}`,
			"Content-Type", "application/problem+json; charset=utf-8"), nil
	})
	_, err := wire[catalog](t, nil, port).Create(t.Context(), Product{})
	var e *client.Error
	if !errors.As(err, &e) || e.Problem == nil {
		t.Fatal(err)
	}
	want := client.Problem{Type: "https://errors/price", Title: "Wrong price", Status: 422, Detail: "it is negative",
		Instance: "/p/1", Extensions: map[string]any{"field": "price"}}
	if !reflect.DeepEqual(*e.Problem, want) {
		t.Errorf("got %+v", *e.Problem)
	}
	if text := err.Error(); text != "catalog.Create: POST http://catalog.invalid/products: 422 Unprocessable Entity: Wrong price: it is negative" {
		t.Error(text)
	}
}

func TestTheBodyOfAnErrorIsKeptUpTo64KiB(t *testing.T) {
	port := newScript(t, func(*http.Request) (*http.Response, error) { return answer(500, strings.Repeat("x", 100_000)), nil })
	_, err := wire[catalog](t, nil, port).Get(t.Context(), "1")
	var e *client.Error
	if !errors.As(err, &e) || len(e.Body) != 64<<10 {
		t.Errorf("%d bytes were kept", len(e.Body))
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	const secret = "s3cr3t"
	withSecrets := func(url string) *catalog {
		return wireBy[catalog](t, over("catalog", url, "pyfly.client.services.catalog.headers.Authorization", "Bearer "+secret))
	}
	failing := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(500) })
	withUser := strings.Replace(failing.URL, "http://", "http://user:"+secret+"@", 1)
	query := url.Values{"api_key": {secret}, "access-token": {secret}, "page": {"2"}}

	_, err := withSecrets(withUser).Filter(t.Context(), query, http.Header{"Cookie": {secret}}, nil)
	if strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), "page=2") || !strings.Contains(err.Error(), "api_key=******") {
		t.Error(err)
	}
	failing.Close()
	_, err = withSecrets(withUser).Filter(t.Context(), query, nil, nil) // connection refused
	if strings.Contains(err.Error(), secret) {
		t.Error(err)
	}
}

func TestARequestThatCannotBeSentIsRefusedBeforeAnythingIsSent(t *testing.T) {
	type odd struct {
		client.ServiceClient `url:"http://x"`
		Query                func(ctx context.Context, n float64) error     `get:"/x{?n}"`
		Body                 func(ctx context.Context, body any) error      `post:"/x"`
		Enum                 func(ctx context.Context, e panicking) error   `get:"/x/{e}"`
		Path                 func(ctx context.Context, id string) error     `get:"/x/{id}"`
		Header               func(ctx context.Context, h http.Header) error `get:"/x"`
	}
	cyclic := map[string]any{}
	cyclic["self"] = cyclic
	ctx := context.Background()
	cases := map[string]func(*odd) error{
		"an empty path argument":  func(c *odd) error { return c.Path(ctx, "") },
		"a dot":                   func(c *odd) error { return c.Path(ctx, ".") },
		"two dots":                func(c *odd) error { return c.Path(ctx, "..") },
		"NaN":                     func(c *odd) error { return c.Query(ctx, math.NaN()) },
		"a body that is no JSON":  func(c *odd) error { return c.Body(ctx, func() {}) },
		"a body that is circular": func(c *odd) error { return c.Body(ctx, cyclic) },
		"a body that panics":      func(c *odd) error { return c.Body(ctx, panicking{}) },
		"an argument that panics": func(c *odd) error { return c.Enum(ctx, panicking{}) },
		"a line break in a header": func(c *odd) error {
			return c.Header(ctx, http.Header{"X-A": {"a\r\nX-Injected: b"}})
		},
		"a header name that is none": func(c *odd) error { return c.Header(ctx, http.Header{"X A": {"a"}}) },
		"a nil context":              func(c *odd) error { var none context.Context; return c.Path(none, "1") },
	}
	for name, call := range cases {
		t.Run(name, func(t *testing.T) {
			port := newScript(t, status(200))
			err := call(wire[odd](t, nil, port))
			var e *client.Error
			if !errors.Is(err, client.ErrInvalidRequest) || !errors.As(err, &e) || e.Attempts != 0 || len(port.asked) != 0 {
				t.Errorf("%v; %d requests were sent", err, len(port.asked))
			}
		})
	}
}

type panicking struct{}

func (panicking) MarshalText() ([]byte, error) { panic("no text") }

func TestAnswersThatCannotBeUsed(t *testing.T) {
	t.Run("no JSON", func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<html>")
		})
		_, err := wireBy[catalog](t, over("catalog", s.URL)).Get(t.Context(), "1")
		var e *client.Error
		if !errors.Is(err, client.ErrDecode) || !errors.As(err, &e) || e.Status != 200 || string(e.Body) != "<html>" || !strings.Contains(err.Error(), "text/html") {
			t.Errorf("%v, %+v", err, e)
		}
	})
	t.Run("JSON of another shape", func(t *testing.T) {
		_, err := wire[catalog](t, nil, newScript(t, func(*http.Request) (*http.Response, error) { return answer(200, `[1]`), nil })).Get(t.Context(), "1")
		var typeError *json.UnmarshalTypeError
		if !errors.Is(err, client.ErrDecode) || !errors.As(err, &typeError) {
			t.Error(err)
		}
	})
	t.Run("trailing garbage", func(t *testing.T) {
		_, err := wire[catalog](t, nil, newScript(t, func(*http.Request) (*http.Response, error) { return answer(200, `{}{}`), nil })).Get(t.Context(), "1")
		if !errors.Is(err, client.ErrDecode) {
			t.Error(err)
		}
	})
	t.Run("too large", func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(make([]byte, 2048)) })
		c := wireBy[catalog](t, over("catalog", s.URL, "pyfly.client.default.max-response-size", "1KiB"))
		if _, err := c.Raw(t.Context()); !errors.Is(err, client.ErrTooLarge) {
			t.Error(err)
		}
	})
	t.Run("too large from a port that has no limit", func(t *testing.T) {
		port := newScript(t, func(*http.Request) (*http.Response, error) { return answer(200, strings.Repeat("x", 2048)), nil })
		c := wire[catalog](t, map[string]any{"pyfly.client.default.max-response-size": "1KiB"}, port)
		if _, err := c.Raw(t.Context()); !errors.Is(err, client.ErrTooLarge) {
			t.Error(err)
		}
	})
	t.Run("truncated", func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, `{"id":`)
		})
		if _, err := wireBy[catalog](t, over("catalog", s.URL)).Get(t.Context(), "1"); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	})
	t.Run("late", func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		c := wireBy[catalog](t, over("catalog", s.URL, "pyfly.client.services.catalog.timeout", "30ms"))
		_, err := c.Get(t.Context(), "1")
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "no response within the timeout of 30ms") {
			t.Error(err)
		}
	})
	t.Run("a late body", func(t *testing.T) {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, `{"id":`)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		c := wireBy[catalog](t, over("catalog", s.URL, "pyfly.client.services.catalog.timeout", "30ms"))
		if _, err := c.Get(t.Context(), "1"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
	})
}

func TestPortsThatReturnLessThanNetHTTPDoes(t *testing.T) {
	noBody := portFunc(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 200}, nil })
	if p, err := wire[catalog](t, nil, noBody).Get(t.Context(), "1"); err != nil || p != (Product{}) {
		t.Errorf("no body: %+v, %v", p, err)
	}
	notFound := portFunc(func(*http.Request) (*http.Response, error) { return &http.Response{StatusCode: 404}, nil })
	if _, err := wire[catalog](t, nil, notFound).Get(t.Context(), "1"); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("no body and no header: %v", err)
	}
	nothing := portFunc(func(*http.Request) (*http.Response, error) { return nil, nil })
	var e *client.Error
	if _, err := wire[catalog](t, nil, nothing).Get(t.Context(), "1"); !errors.As(err, &e) {
		t.Errorf("nothing: %v", err)
	}
}

func TestAClientIsSafeForConcurrentUse(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, 200, Product{ID: strings.TrimPrefix(r.URL.Path, "/products/")})
	})
	c := wireBy[catalog](t, over("catalog", s.URL))
	var wg sync.WaitGroup
	for i := range 16 {
		id := string(rune('a' + i))
		wg.Go(func() {
			for range 50 {
				if p, err := c.Get(t.Context(), id); err != nil || p.ID != id {
					t.Errorf("asked for %s, got %+v, %v", id, p, err)
				}
			}
		})
	}
	wg.Wait()
}
