// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
)

func TestNextReadsAllFormsOfLinkHeaders(t *testing.T) {
	for name, test := range map[string]struct {
		lines []string
		want  string // "": none
	}{
		"no header":                      {nil, ""},
		"an empty header":                {[]string{""}, ""},
		"no link":                        {[]string{"next"}, ""},
		"no end of the target":           {[]string{"</2; rel=next"}, ""},
		"no relation":                    {[]string{"</2>"}, ""},
		"another relation":               {[]string{`</2>; rel="prev"`}, ""},
		"a relation that contains next":  {[]string{`</2>; rel="nextish"`}, ""},
		"quoted":                         {[]string{`</2>; rel="next"`}, "/2"},
		"a token":                        {[]string{"</2>;rel=next"}, "/2"},
		"any case":                       {[]string{`</2>; REL="NeXT"`}, "/2"},
		"white space":                    {[]string{" \t</2> ;\trel = \"next\" "}, "/2"},
		"absolute":                       {[]string{`<http://host:8/2?a=b%2Fc>; rel="next"`}, "http://host:8/2?a=b%2Fc"},
		"several relations":              {[]string{`</2>; rel="last  next"`}, "/2"},
		"the second link":                {[]string{`</0>; rel="prev", </2>; rel="next"`}, "/2"},
		"the second line":                {[]string{`</0>; rel="prev"`, `</2>; rel="next"`}, "/2"},
		"the first of two":               {[]string{`</2>; rel=next, </3>; rel=next`}, "/2"},
		"the first relation counts":      {[]string{`</2>; rel="prev"; rel="next"`}, ""},
		"the first of two relations":     {[]string{`</2>; rel="next"; rel="prev"`}, "/2"},
		"a comma in the target":          {[]string{`</2?a=1,2;3>; rel="next"`}, "/2?a=1,2;3"},
		"a comma in a quoted string":     {[]string{`</0>; title="a, </1>; rel=next"; rel=prev, </2>; rel=next`}, "/2"},
		"a semicolon in a quoted string": {[]string{`</2>; title="a; rel=prev"; rel=next`}, "/2"},
		"an escaped quotation mark":      {[]string{`</2>; title="\", </1>; rel=next"; rel=next`}, "/2"},
		"an escaped relation":            {[]string{`</2>; rel="\n\ext"`}, "/2"},
		"an open quoted string":          {[]string{`</2>; rel="next`}, "/2"},
		"an extended parameter":          {[]string{`</2>; title*=UTF-8''n%C3%A4chste; rel=next`}, "/2"},
		"parameters without value":       {[]string{`</2>; crossorigin; ; rel=next`}, "/2"},
		"empty elements":                 {[]string{`, ,</2>; rel=next,,`}, "/2"},
		"garbage after a link":           {[]string{`</0> x, </1>; rel=next`, `</2>; rel=next`}, "/2"},
		"a link of another resource":     {[]string{`</1>; rel=next; anchor="/other", </2>; rel=next`}, "/2"},
		"an empty target":                {[]string{`<>; rel=next`}, ""},
		"a fragment":                     {[]string{`</2#top>; rel=next`}, "/2"},
		"no URL":                         {[]string{`<http://%zz>; rel=next`}, "http://%zz"},
	} {
		t.Run(name, func(t *testing.T) {
			link, ok := client.Response[string]{Header: http.Header{"Link": test.lines}}.Next()
			assert.Equal(t, client.URL(test.want), link)
			assert.Equal(t, test.want != "" || name == "an empty target", ok)
		})
	}
}

// FuzzNext checks that no header makes the parser panic, and that a link that is
// found can be written and found again.
func FuzzNext(f *testing.F) {
	f.Add(`</2>; rel="next"`, "")
	f.Add(`</0>; title="a, \"; rel=next"; rel=prev`, `<?p=2>; REL=next; anchor=""`)
	f.Add(`<a>;;=;rel = next`, "<")
	f.Fuzz(func(t *testing.T, first, second string) {
		link, ok := client.Response[string]{Header: http.Header{"Link": {first, second}}}.Next()
		if !ok {
			require.Empty(t, link)
			return
		}
		if strings.Contains(string(link), ">") {
			return // of a target that is not a URL
		}
		again, ok := client.Response[string]{Header: http.Header{"Link": {"<" + string(link) + ">; rel=next"}}}.Next()
		require.True(t, ok)
		require.Equal(t, link, again)
	})
}

// listClient has a list in pages.
type listClient struct {
	client.HttpClient `url:"http://list.invalid" name:"list"`

	First func(ctx context.Context, query url.Values) (client.Response[[]Product], error) `get:"/shop/products"`
	Next  func(ctx context.Context, link client.URL) (client.Response[[]Product], error)  `get:"/"`
	One   func(ctx context.Context, id string) (client.Response[Product], error)          `get:"/products/{id}"`
}

// serveLinks starts a server whose responses have the links of the given path and
// query.
func serveLinks(t *testing.T, links map[string]string) *server {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		link, ok := links[r.URL.RequestURI()]
		switch {
		case !ok:
			w.WriteHeader(http.StatusNotFound)
			return
		case strings.HasPrefix(link, "to "):
			http.Redirect(w, r, link[3:], http.StatusFound)
			return
		case link != "":
			w.Header().Set("Link", "<"+link+`>; rel="next"`)
		}
		_, _ = fmt.Fprintf(w, `[{"name":%q}]`, r.URL.RequestURI())
	})
}

// names reads pages, and returns the names of their products.
func names(pages func(func(client.Response[[]Product], error) bool)) (names []string, err error) {
	for page, pageErr := range pages {
		if pageErr != nil {
			return names, pageErr
		}
		for _, p := range page.Body {
			names = append(names, p.Name)
		}
	}
	return names, nil
}

func pagesOf(ctx context.Context, c *listClient) func(func(client.Response[[]Product], error) bool) {
	return client.Pages(ctx, func(ctx context.Context) (client.Response[[]Product], error) {
		return c.First(ctx, url.Values{"size": {"1"}})
	}, c.Next)
}

func TestPagesFollowLinks(t *testing.T) {
	for name, test := range map[string]struct {
		base  string // path of the base URL
		links map[string]string
		want  []string
	}{
		"one page": {"", map[string]string{"/shop/products?size=1": ""}, []string{"/shop/products?size=1"}},
		"a query": {"/api/", map[string]string{"/api/shop/products?size=1": "?page=2", "/api/shop/products?page=2": ""},
			[]string{"/api/shop/products?size=1", "/api/shop/products?page=2"}},
		"a sibling": {"/api", map[string]string{"/api/shop/products?size=1": "rest/a%2Fb", "/api/shop/rest/a%2Fb": "../more", "/api/shop/more": ""},
			[]string{"/api/shop/products?size=1", "/api/shop/rest/a%2Fb", "/api/shop/more"}},
		"an absolute path": {"", map[string]string{"/shop/products?size=1": "/2", "/2": "/3", "/3": ""},
			[]string{"/shop/products?size=1", "/2", "/3"}},
		"after a redirect": {"", map[string]string{"/shop/products?size=1": "to /v2/list/", "/v2/list/": "?page=2", "/v2/list/?page=2": ""},
			[]string{"/v2/list/", "/v2/list/?page=2"}},
		"a loop to the first page": {"", map[string]string{"/shop/products?size=1": "?page=2", "/shop/products?page=2": "?size=1"},
			[]string{"/shop/products?size=1", "/shop/products?page=2"}},
		"a page that follows itself": {"", map[string]string{"/shop/products?size=1": "?page=2", "/shop/products?page=2": "?page=2"},
			[]string{"/shop/products?size=1", "/shop/products?page=2"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveLinks(t, test.links)
			c := wireBy[listClient](t, over("list", s.URL+test.base))
			pages := pagesOf(t.Context(), c)
			for range 2 { // each loop begins with the first page
				got, err := names(pages)
				require.NoError(t, err)
				assert.Equal(t, test.want, got)
			}
		})
	}
}

func TestANextLinkToAnotherHostIsRefused(t *testing.T) {
	for _, link := range []string{"http://evil.invalid/2", "//evil.invalid/2", "mailto:a@b", "http://%zz", "https://list.invalid/2"} {
		s := serveLinks(t, map[string]string{"/shop/products?size=1": link})
		c := wireBy[listClient](t, over("list", s.URL))
		got, err := names(pagesOf(t.Context(), c))
		require.ErrorIs(t, err, client.ErrInvalidRequest, link)
		var failed *client.Error
		require.ErrorAs(t, err, &failed)
		assert.Len(t, got, 1)
		assert.Len(t, s.seen(), 1)
	}
}

func TestALinkIsResolvedHoweverTheResponseCame(t *testing.T) {
	port := func(status int) portFunc {
		calls := 0
		return func(r *http.Request) (*http.Response, error) {
			if calls++; calls > 1 && status != 0 {
				return answer(status, ""), nil
			}
			return answer(200, "{}", "Link", "<?page=2>; rel=next"), nil
		}
	}
	pass := func(next client.Exchange) client.Exchange { return next }
	for name, c := range map[string]*listClient{
		"plain":            wire[listClient](t, over("list", "http://list.invalid/api"), port(0)),
		"hedge":            wire[listClient](t, over("list", "http://list.invalid/api", "pyfly.client.services.list.hedge.delay", "1s"), port(0)),
		"stale":            wire[listClient](t, over("list", "http://list.invalid/api", "pyfly.client.default.stale-if-error", "1m"), port(503)),
		"call interceptor": startListWith(t, port(0), pass),
	} {
		t.Run(name, func(t *testing.T) {
			for range 2 {
				r, err := c.One(t.Context(), "a b")
				require.NoError(t, err)
				link, ok := r.Next()
				assert.True(t, ok)
				assert.Equal(t, client.URL("http://list.invalid/api/products/a%20b?page=2"), link)
			}
		})
	}
}

func startListWith(t *testing.T, port client.HttpClientPort, interceptor client.CallInterceptor) *listClient {
	t.Helper()
	app := newApp(over("list", "http://list.invalid/api"), client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	client.Register[listClient](app)
	app.RegisterInstance(interceptor)
	require.NoError(t, app.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, app.Stop(context.Background())) })
	return getBean[listClient](t, app)
}

func TestALinkAfterARedirectIsResolvedBehindACallInterceptor(t *testing.T) {
	s := serveLinks(t, map[string]string{"/products/1": "to /v2/products/1", "/v2/products/1": "?page=2"})
	app := newApp(over("list", s.URL))
	client.Register[listClient](app)
	app.RegisterInstance(client.CallInterceptor(func(next client.Exchange) client.Exchange {
		return func(r *http.Request) (*http.Response, error) {
			response, err := next(r)
			if err == nil {
				response.Body = http.NoBody // no array
			}
			return response, err
		}
	}))
	require.NoError(t, app.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, app.Stop(context.Background())) })
	r, err := getBean[listClient](t, app).One(t.Context(), "1")
	require.NoError(t, err)
	link, _ := r.Next()
	assert.Equal(t, client.URL(s.URL+"/v2/products/1?page=2"), link)
}

// page makes a page whose link is given.
func page(n int, link string) client.Response[int] {
	r := client.Response[int]{Body: n, Header: http.Header{}}
	if link != "" {
		r.Header.Set("Link", "<"+link+">; rel=next")
	}
	return r
}

func TestPagesEnd(t *testing.T) {
	errDown := errors.New("down")
	ctx, cancel := context.WithCancel(t.Context())
	count := func(ctx context.Context, most int, next func(n int) (client.Response[int], error)) (int, error) {
		n := 1
		var last error
		seen := 0
		for _, err := range client.Pages(ctx, func(context.Context) (client.Response[int], error) { return next(1) },
			func(context.Context, client.URL) (client.Response[int], error) { n++; return next(n) }) {
			last = err
			if seen++; seen == most {
				break
			}
		}
		assert.LessOrEqual(t, n, max(seen, 1))
		return seen, last
	}
	endless := func(n int) (client.Response[int], error) { return page(n, fmt.Sprint("/", n+1)), nil }

	seen, err := count(t.Context(), 3, endless)
	assert.NoError(t, err)
	assert.Equal(t, 3, seen, "the loop is left")

	seen, err = count(t.Context(), 0, func(n int) (client.Response[int], error) {
		if n == 3 {
			return page(n, "/4"), errDown
		}
		return endless(n)
	})
	assert.ErrorIs(t, err, errDown)
	assert.Equal(t, 3, seen, "an error comes last")

	seen, err = count(ctx, 0, func(n int) (client.Response[int], error) {
		if n == 3 {
			cancel()
		}
		return endless(n)
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, 4, seen, "the cancellation comes after the third page")

	for length, most := range map[int]int{1: 2, 2: 3, 999: 1001, 5000: 15_100} {
		seen, err = count(t.Context(), 0, func(n int) (client.Response[int], error) { return page(n, fmt.Sprint("/", n%length)), nil })
		assert.NoError(t, err)
		assert.GreaterOrEqual(t, seen, length)
		assert.LessOrEqual(t, seen, most, "a loop of %d pages", length)
	}
}

func TestPagesWithoutFunctionOrContextFail(t *testing.T) {
	first := func(context.Context) (client.Response[int], error) { return page(1, "/2"), nil }
	next := func(context.Context, client.URL) (client.Response[int], error) { return page(2, ""), nil }
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	var noContext context.Context
	for _, pages := range []func(func(client.Response[int], error) bool){
		client.Pages(t.Context(), nil, next), client.Pages(t.Context(), first, nil), client.Pages(noContext, first, next), client.Pages(cancelled, first, next),
	} {
		count := 0
		for _, err := range pages {
			count++
			assert.Error(t, err)
		}
		assert.Equal(t, 1, count)
	}
}
