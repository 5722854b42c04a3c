// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
)

type standardClient struct {
	client.ServiceClient `url:"http://standards.invalid" name:"standards" retry-base-delay:"0s"`

	Product func(ctx context.Context, id string) error                        `get:"/Products({id})"`
	Key     func(ctx context.Context, id string) error                        `get:"/Users('{id}')/!*()"`
	Path    func(ctx context.Context, path string) error                      `get:"/files/{+path}"`
	Headers func(ctx context.Context, header http.Header, p standardIn) error `get:"/headers"`
	SOAP    func(ctx context.Context, body string) error                      `post:"/soap" content-type:"application/soap+xml"`
	XML     func(ctx context.Context, body document) error                    `post:"/xml" content-type:"text/xml"`
	Pointer func(ctx context.Context, body *string) error                     `post:"/xml" content-type:"application/xml"`
	Next    func(ctx context.Context, next client.URL, p standardPage) error  `get:"/list?sort=name"`
	List    func(ctx context.Context) iter.Seq2[Product, error]               `get:"/list"`
	Get     func(ctx context.Context) (Product, error)                        `get:"/"`
}

// document is XML.
type document string

type standardIn struct {
	Tenant string `header:"x-tenant,omitempty"`
}

type standardPage struct {
	Size int `query:"size,omitempty"`
}

// requestLine keeps what a server was asked for.
type requestLine struct {
	uri    string
	header http.Header
	body   string
}

func serveStandards(t *testing.T, path string) (*standardClient, *requestLine) {
	t.Helper()
	got := &requestLine{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*got = requestLine{r.RequestURI, r.Header, string(body)}
	}))
	t.Cleanup(server.Close)
	return wireBy[standardClient](t, over("standards", server.URL+path)), got
}

func TestAPathIsSentAsItIsSpelled(t *testing.T) {
	for _, base := range []string{"", "/api", "/api(v1)", "/a%2Fb"} {
		c, got := serveStandards(t, base)
		for want, call := range map[string]func() error{
			"/Products(1)":              func() error { return c.Product(t.Context(), "1") },
			"/Products(a%20%28b%29%27)": func() error { return c.Product(t.Context(), "a (b)'") },
			"/Users('x')/!*()":          func() error { return c.Key(t.Context(), "x") },
			"/files/a!*()'b/c,;=:@&$+":  func() error { return c.Path(t.Context(), "a!*()'b/c,;=:@&$+") },
			"/files/[a]%7Cb":            func() error { return c.Path(t.Context(), "[a]|b") },
			"/files/100%25/%28":         func() error { return c.Path(t.Context(), "100%/%28") },
			"/next('a')?x='1'&size=3":   func() error { return c.Next(t.Context(), client.URL(base+"/next('a')?x='1'"), standardPage{Size: 3}) },
			"/list?sort=name&size=3":    func() error { return c.Next(t.Context(), "", standardPage{Size: 3}) },
		} {
			require.NoError(t, call(), want)
			require.Equal(t, base+want, got.uri)
		}
	}
}

func TestHeadersThatDifferInCaseAreSentAsOne(t *testing.T) {
	c, got := serveStandards(t, "")
	for range 10 { // maps have no order
		require.NoError(t, c.Headers(t.Context(), http.Header{"X-TENANT": {"a"}, "x-tenant": {"b"}, "X-Tenant": nil}, standardIn{"c"}))
		require.Equal(t, []string{"a", "b", "c"}, got.header["X-Tenant"])
	}
}

func TestACallInterceptorMaySpellHeadersDifferently(t *testing.T) {
	var sent http.Header
	port := portFunc(func(r *http.Request) (*http.Response, error) {
		sent = r.Header
		return answer(200, "{}"), nil
	})
	spell := client.CallInterceptor(func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			req.Header["x-tenant"], req.Header["X-TENANT"] = []string{"b"}, []string{"a"}
			return next(req)
		}
	})
	c := startWith[standardClient](t, nil, []any{spell}, through(port))
	for range 10 {
		_, err := c.Get(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"a", "b"}, sent["X-Tenant"])
		names := slices.Collect(maps.Keys(sent))
		require.NotContains(t, names, "x-tenant")
	}
}

func TestXMLThatIsAStringIsSentAsItIs(t *testing.T) {
	c, got := serveStandards(t, "")
	require.NoError(t, c.SOAP(t.Context(), "<Envelope/>"))
	require.Equal(t, "<Envelope/>", got.body)
	require.Equal(t, "application/soap+xml", got.header.Get("Content-Type"))
	require.NoError(t, c.XML(t.Context(), "<named/>"))
	require.Equal(t, "<named/>", got.body)
	pointed := "<pointed/>"
	require.NoError(t, c.Pointer(t.Context(), &pointed))
	require.Equal(t, "<pointed/>", got.body)
	require.NoError(t, c.Pointer(t.Context(), nil))
	require.Empty(t, got.body)
}

func TestABodyThatIsNoGzipIsNotAskedForAgain(t *testing.T) {
	for _, test := range []struct{ encoding, body string }{
		{"gzip", "this is no gzip"}, {"gzip", "{}"}, {"gzip", inGzip(`{"name":"rake"}`)[:5]}, {"gzip", inGzip(`{"name":"rake"}`)[:20]},
		{"x-gzip", "this is no gzip"}, {"X-GZIP", "{}"},
	} {
		calls := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls++
			w.Header().Set("Content-Encoding", test.encoding)
			_, _ = io.WriteString(w, test.body)
		}))
		_, err := wireBy[standardClient](t, over("standards", server.URL)).Get(t.Context())
		require.ErrorIs(t, err, client.ErrDecode, test)
		require.Equal(t, 1, calls, test)
		server.Close()
	}
}

func TestXGzipIsGzip(t *testing.T) {
	for _, encoding := range []string{"gzip", "x-gzip", "X-Gzip", "identity, gzip"} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Encoding", encoding)
			_, _ = io.WriteString(w, inGzip(`{"name":"rake"}`))
		}))
		same := client.WithTransport(func(t http.RoundTripper) http.RoundTripper { return t })
		for _, opts := range [][]client.Option{nil, {same}} {
			p, err := wireBy[standardClient](t, over("standards", server.URL), opts...).Get(t.Context())
			require.NoError(t, err, encoding)
			require.Equal(t, "rake", p.Name, encoding)
		}
		server.Close()
	}
}

func TestAnEmptySequence(t *testing.T) {
	for _, response := range []*http.Response{answer(200, ""), answer(204, ""), answer(200, "null", "Content-Type", "application/json"), answer(200, "\ufeffnull")} {
		c := wire[standardClient](t, nil, portFunc(func(*http.Request) (*http.Response, error) { return response, nil }))
		all, err := collect(c.List(t.Context()))
		require.NoError(t, err)
		require.Empty(t, all)
	}
}

func TestAnErrorQuotesLittleOfItsProblem(t *testing.T) {
	for name, body := range map[string]string{
		"a long one":         `{"title":"` + strings.Repeat("x", 5000) + `","detail":"y"}`,
		"control characters": `{"title":"a\u0000\r\nb","detail":"\u001b[31m"}`,
		"a byte order mark":  "\ufeff" + `{"title":"refused","detail":"because"}`,
	} {
		c := wire[standardClient](t, nil, portFunc(func(*http.Request) (*http.Response, error) {
			return answer(400, body, "Content-Type", "application/problem+json"), nil
		}))
		_, err := c.Get(t.Context())
		var failed *client.Error
		require.True(t, errors.As(err, &failed) && failed.Problem != nil, name)
		require.Less(t, len(err.Error()), 512+100, name)
		require.NotRegexp(t, `[[:cntrl:]]`, err.Error(), name)
		if name == "a byte order mark" {
			require.ErrorContains(t, err, "refused: because")
		}
	}
}

func TestAPathOfAnOperationMustBeEscaped(t *testing.T) {
	c := wire[standardClient](t, nil, newScript(t, status(200)))
	op, err := c.Operation("Get")
	require.NoError(t, err)
	for _, path := range []string{"/a%zz", "/a%", "/a b", "a", "/../a"} {
		require.ErrorIs(t, op.Do(t.Context(), client.Message{Path: path}, nil), client.ErrInvalidRequest, path)
	}
}
