// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/internal/nettest"
)

// packed is a client with every kind of result.
type packed struct {
	client.ServiceClient `url:"http://packed.invalid" name:"packed" retry-base-delay:"0s"`

	Get      func(ctx context.Context) (Product, error)                  `get:"/"`
	Raw      func(ctx context.Context) ([]byte, error)                   `get:"/"`
	Ping     func(ctx context.Context) error                             `get:"/"`
	Whole    func(ctx context.Context) (client.Response[Product], error) `get:"/"`
	Open     func(ctx context.Context) (io.ReadCloser, error)            `get:"/"`
	Response func(ctx context.Context) (*http.Response, error)           `get:"/"`
	Products func(ctx context.Context) iter.Seq2[Product, error]         `get:"/"`
	Head     func(ctx context.Context) error                             `head:"/"`
	Upload   func(ctx context.Context, body []byte) error                `put:"/"`
}

// results are the ways to read a body to its end.
func results(ctx context.Context, c *packed) map[string]func() error {
	read := func(body io.ReadCloser, err error) error {
		if err != nil {
			return err
		}
		_, err = io.ReadAll(body)
		return errors.Join(err, body.Close())
	}
	return map[string]func() error{
		"a T":           func() error { _, err := c.Get(ctx); return err },
		"bytes":         func() error { _, err := c.Raw(ctx); return err },
		"an error":      func() error { return c.Ping(ctx) },
		"a Response[T]": func() error { _, err := c.Whole(ctx); return err },
		"a ReadCloser":  func() error { return read(c.Open(ctx)) },
		"a *http.Response": func() error {
			response, err := c.Response(ctx)
			if err != nil {
				return err
			}
			return read(response.Body, nil)
		},
		"a sequence": func() (failed error) {
			for _, err := range c.Products(ctx) {
				failed = err
			}
			return failed
		},
	}
}

// watchedBody knows whether it has been read to its end, and closed.
type watchedBody struct {
	io.Reader
	isRead, isClosed bool
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	b.isRead = b.isRead || err != nil
	return n, err
}

func (b *watchedBody) Close() error {
	b.isClosed = true
	return nil
}

// userCoding is a coding of a user's, with any fault.
type userCoding struct {
	name      string
	newReader func(io.Reader) (io.ReadCloser, error)
	newWriter func(io.Writer) (io.WriteCloser, error)
}

func (c userCoding) Name() string                                  { return c.name }
func (c userCoding) NewReader(r io.Reader) (io.ReadCloser, error)  { return c.newReader(r) }
func (c userCoding) NewWriter(w io.Writer) (io.WriteCloser, error) { return c.newWriter(w) }

// plus is a coding that works: it adds one to each byte.
var plus = userCoding{name: "plus",
	newReader: func(r io.Reader) (io.ReadCloser, error) { return shifted{r}, nil },
}

type shifted struct{ io.Reader }

func (s shifted) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	for i := range p[:n] {
		p[i]--
	}
	return n, err
}
func (shifted) Close() error { return nil }

func inPlus(text string) string {
	shifted := []byte(text)
	for i := range shifted {
		shifted[i]++
	}
	return string(shifted)
}

func inGzip(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// readFunc is a decoder made of a function.
type readFunc func([]byte) (int, error)

func (f readFunc) Read(p []byte) (int, error) { return f(p) }
func (readFunc) Close() error                 { return nil }

func ofReader(f readFunc) func(io.Reader) (io.ReadCloser, error) {
	return func(io.Reader) (io.ReadCloser, error) { return f, nil }
}

var errCoding = errors.New("the coding's own error")

func TestABodyThatIsNotOfItsCodingCannotBeDecoded(t *testing.T) {
	const product = `{"name":"rake"}`
	type faulty = func(io.Reader) (io.ReadCloser, error)
	for name, test := range map[string]struct {
		newReader faulty // of the coding user
		encoding  string
		body      string
	}{
		"gzip":                      {nil, "gzip", "this is no gzip at all"},
		"GZIP":                      {nil, "GZIP", "this is no gzip at all"},
		"gzip of one byte":          {nil, "gzip", "x"},
		"gzip that is cut off":      {nil, "gzip", inGzip(product)[:12]},
		"gzip with a wrong sum":     {nil, "gzip", inGzip(product)[:len(inGzip(product))-8] + "12345678"},
		"gzip with garbage after":   {nil, "gzip", inGzip(product) + "garbage"},
		"x-gzip":                    {nil, "x-gzip", "this is no gzip at all"},
		"plus in gzip, but no gzip": {nil, "plus, gzip", inPlus(product)},
		"gzip in plus, but no gzip": {nil, "gzip, plus", inPlus("no gzip")},
		"an error":                  {func(io.Reader) (io.ReadCloser, error) { return nil, errCoding }, "user", product},
		"an error and a reader": {func(io.Reader) (io.ReadCloser, error) {
			return readFunc(func([]byte) (int, error) { panic("it is not to be used") }), errCoding
		}, "user", product},
		"an error and a nil pointer": {func(io.Reader) (io.ReadCloser, error) { return (*gzip.Reader)(nil), errCoding }, "user", product},
		"io.EOF":                     {func(io.Reader) (io.ReadCloser, error) { return nil, io.EOF }, "user", product},
		"neither reader nor error":   {func(io.Reader) (io.ReadCloser, error) { return nil, nil }, "user", product},
		"a nil pointer":              {func(io.Reader) (io.ReadCloser, error) { return (*gzip.Reader)(nil), nil }, "user", product},
		"a panic":                    {func(io.Reader) (io.ReadCloser, error) { panic("no") }, "user", product},
		"a reader that fails":        {ofReader(func([]byte) (int, error) { return 0, errCoding }), "user", product},
		"a reader that panics":       {ofReader(func([]byte) (int, error) { panic("no") }), "user", product},
		"a count that is too large":  {ofReader(func(p []byte) (int, error) { return len(p) + 1, nil }), "user", product},
		"a negative count":           {ofReader(func([]byte) (int, error) { return -1, nil }), "user", product},
		"no progress":                {ofReader(func([]byte) (int, error) { return 0, nil }), "user", product},
	} {
		t.Run(name, func(t *testing.T) {
			var body *watchedBody
			attempts := 0
			port := portFunc(func(*http.Request) (*http.Response, error) {
				attempts++
				body = &watchedBody{Reader: strings.NewReader(test.body)}
				response := answer(200, "", "Content-Encoding", test.encoding, "Content-Type", "application/json")
				response.Body = body
				return response, nil
			})
			codings := []any{client.ContentCoding(plus), client.ContentCoding(userCoding{name: "user", newReader: test.newReader})}
			c := startWith[packed](t, nil, codings, through(port))
			for result, call := range results(t.Context(), c) {
				attempts = 0
				err := call()
				if !errors.Is(err, client.ErrDecode) || attempts != 1 {
					t.Errorf("%s: got %v after %d attempts", result, err, attempts)
				}
				if !body.isRead || !body.isClosed {
					t.Errorf("%s: the body was read to its end: %t, closed: %t", result, body.isRead, body.isClosed)
				}
			}
			if state := c.CircuitBreaker().Snapshot(); state.ConsecutiveFailures != 0 {
				t.Errorf("the circuit breaker counted %+v", state)
			}
		})
	}
}

func TestABodyIsDecodedByAllItsCodings(t *testing.T) {
	const text = `[{"name":"rake"}]`
	for encoding, test := range map[string]struct {
		body, want string
		isDecoded  bool
	}{
		"gzip":                     {inGzip(text), text, true},
		"x-gzip":                   {inGzip(text), text, true},
		"Plus":                     {inPlus(text), text, true},
		"plus, gzip":               {inGzip(inPlus(text)), text, true},
		"gzip,plus , identity":     {inPlus(inGzip(text)), text, true},
		"gzip, gzip, plus":         {inPlus(inGzip(inGzip(text))), text, true},
		"identity":                 {text, text, false},
		"deflate":                  {"deflated", "deflated", false},
		"deflate, gzip":            {inGzip("deflated"), inGzip("deflated"), false},
		strings.Repeat("plus,", 6): {"too many", "too many", false},
	} {
		port := portFunc(func(*http.Request) (*http.Response, error) {
			return answer(200, test.body, "Content-Encoding", encoding, "Content-Length", fmt.Sprint(len(test.body))), nil
		})
		c := startWith[packed](t, nil, []any{client.ContentCoding(plus)}, through(port))
		if got, err := c.Raw(t.Context()); string(got) != test.want || err != nil {
			t.Errorf("%s: got %q, %v", encoding, got, err)
		}
		response, err := c.Response(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(response.Body)
		if string(got) != test.want || err != nil {
			t.Errorf("%s: a stream of %q, %v", encoding, got, err)
		}
		isTold := response.Header.Get("Content-Encoding") != "" || response.Header.Get("Content-Length") != ""
		if isTold == test.isDecoded {
			t.Errorf("%s: the headers are %v", encoding, response.Header)
		}
		_ = response.Body.Close()
	}
}

func TestAnEmptyBodyIsOfEveryCoding(t *testing.T) {
	never := userCoding{name: "never", newReader: func(io.Reader) (io.ReadCloser, error) { panic("there is nothing to decode") }}
	for _, encoding := range []string{"gzip", "x-gzip", "never", "gzip, never", "never, gzip"} {
		port := portFunc(func(req *http.Request) (*http.Response, error) {
			response := answer(200, "", "Content-Encoding", encoding)
			if req.Method == http.MethodHead {
				response.Header.Set("Content-Length", "42")
			}
			return response, nil
		})
		c := startWith[packed](t, nil, []any{client.ContentCoding(never)}, through(port))
		for result, call := range results(t.Context(), c) {
			if err := call(); err != nil && result != "a sequence" {
				t.Errorf("%s, %s: %v", encoding, result, err)
			}
		}
		if err := c.Head(t.Context()); err != nil {
			t.Errorf("%s, HEAD: %v", encoding, err)
		}
	}
}

func TestABodyThatBreaksOffIsNoMatterOfItsCoding(t *testing.T) {
	for name, body := range map[string]string{"at once": "", "in the middle": inGzip("some text")[:15]} {
		attempts := 0
		port := portFunc(func(*http.Request) (*http.Response, error) {
			attempts++
			response := answer(200, "", "Content-Encoding", "plus, gzip")
			response.Body = io.NopCloser(io.MultiReader(strings.NewReader(body), readFunc(func([]byte) (int, error) { return 0, io.ErrUnexpectedEOF })))
			return response, nil
		})
		c := startWith[packed](t, nil, []any{client.ContentCoding(plus)}, through(port))
		if _, err := c.Raw(t.Context()); errors.Is(err, client.ErrDecode) || !errors.Is(err, io.ErrUnexpectedEOF) || attempts != 3 {
			t.Errorf("%s: got %v after %d attempts", name, err, attempts)
		}
	}
}

// TestWhatTheAdapterDecodesIsOfItsCoding is about clients without codings of
// their own: net/http decodes gzip.
func TestWhatTheAdapterDecodesIsOfItsCoding(t *testing.T) {
	for name, body := range map[string]string{
		"no gzip": "this is no gzip at all", "a wrong sum": inGzip("text")[:len(inGzip("text"))-8] + "12345678",
		"no deflate": inGzip("text")[:10] + strings.Repeat("\xff", 20),
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", "gzip")
				_, _ = io.WriteString(w, body)
			})
			c := wireBy[packed](t, over("packed", s.URL))
			for result, call := range results(t.Context(), c) {
				before := len(s.seen())
				if err := call(); !errors.Is(err, client.ErrDecode) || len(s.seen()) != before+1 {
					t.Errorf("%s: got %v after %d attempts", result, err, len(s.seen())-before)
				}
			}
		})
	}
}

func TestAConnectionServesAfterABodyThatWasNotOfItsCoding(t *testing.T) {
	s, connections := nettest.CountingServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", "8000")
		_, _ = io.WriteString(w, strings.Repeat("no gzip ", 1000))
	})
	c := startWith[packed](t, over("packed", s.URL), []any{client.ContentCoding(plus)})
	for range 3 {
		for result, call := range results(t.Context(), c) {
			if err := call(); !errors.Is(err, client.ErrDecode) {
				t.Errorf("%s: %v", result, err)
			}
		}
	}
	if n := connections.Load(); n != 1 {
		t.Errorf("there were %d connections", n)
	}
}

func TestAFailureWhoseBodyIsNotOfItsCodingIsThatFailure(t *testing.T) {
	port := portFunc(func(*http.Request) (*http.Response, error) {
		return answer(404, "no gzip", "Content-Encoding", "gzip"), nil
	})
	c := startWith[packed](t, nil, []any{client.ContentCoding(plus)}, through(port))
	if _, err := c.Get(t.Context()); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestACodingThatCannotEncodeSendsNothing(t *testing.T) {
	for name, newWriter := range map[string]func(io.Writer) (io.WriteCloser, error){
		"an error":                 func(io.Writer) (io.WriteCloser, error) { return nil, errCoding },
		"neither writer nor error": func(io.Writer) (io.WriteCloser, error) { return nil, nil },
		"a nil pointer":            func(io.Writer) (io.WriteCloser, error) { return (*gzip.Writer)(nil), nil },
		"a panic":                  func(io.Writer) (io.WriteCloser, error) { panic("no") },
	} {
		port := portFunc(func(*http.Request) (*http.Response, error) {
			t.Errorf("%s: something was sent", name)
			return answer(200, ""), nil
		})
		coding := userCoding{name: "user", newWriter: newWriter}
		c := startWith[packed](t, map[string]any{"pyfly.client.default.request-compression": "user"}, []any{client.ContentCoding(coding)}, through(port))
		if err := c.Upload(t.Context(), make([]byte, 2000)); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestAStreamCanBeClosedWhileItIsRead: the decoder may be one of a pool, so it
// must not be closed under a Read.
func TestAStreamCanBeClosedWhileItIsRead(t *testing.T) {
	in, out := io.Pipe()
	var isReading, closedUnderRead, isClosed atomic.Bool
	coding := userCoding{name: "user", newReader: func(r io.Reader) (io.ReadCloser, error) {
		return closeFunc{readFunc(func(p []byte) (int, error) {
			isReading.Store(true)
			defer isReading.Store(false)
			return r.Read(p)
		}), func() { isClosed.Store(true); closedUnderRead.Store(isReading.Load()) }}, nil
	}}
	port := portFunc(func(*http.Request) (*http.Response, error) {
		response := answer(200, "", "Content-Encoding", "user")
		response.Body, response.ContentLength = in, -1
		return response, nil
	})
	c := startWith[packed](t, nil, []any{client.ContentCoding(coding)}, through(port))
	body, err := c.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	begun, ended := make(chan struct{}), make(chan error)
	go func() {
		_, err := io.ReadFull(body, make([]byte, 5))
		close(begun)
		if err == nil {
			_, err = io.ReadAll(body)
		}
		ended <- err
	}()
	_, _ = io.WriteString(out, "hello")
	<-begun
	if err := body.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("the Read did not fail")
	}
	if !isClosed.Load() || closedUnderRead.Load() {
		t.Errorf("the decoder was closed: %t, while it was read: %t", isClosed.Load(), closedUnderRead.Load())
	}
}

type closeFunc struct {
	io.Reader
	close func()
}

func (c closeFunc) Close() error {
	c.close()
	return nil
}
