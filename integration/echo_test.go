// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"github.com/pyfly-go/pyfly/client"
)

// EchoClient calls what answers with the request it got.
type EchoClient struct {
	client.HttpClient `url:"http://${httpbin.host}"`

	Get      func(ctx context.Context, name string, limit int, inStock bool, tags []string) (Echo, error) `get:"/get{?name,limit,in_stock,tags}"`
	Query    func(ctx context.Context, query url.Values, header http.Header) (Echo, error)                `get:"/get?fixed=1"`
	Full     func(ctx context.Context) (client.Response[Echo], error)                                     `get:"/get"`
	Head     func(ctx context.Context) (client.Response[Echo], error)                                     `head:"/head"`
	Options  func(ctx context.Context) (client.Response[[]byte], error)                                   `options:"/get"`
	Post     func(ctx context.Context, body Product) (Echo, error)                                        `post:"/post"`
	Put      func(ctx context.Context, body Product) (Echo, error)                                        `put:"/put"`
	Patch    func(ctx context.Context, body Product) (Echo, error)                                        `patch:"/patch"`
	Delete   func(ctx context.Context, reason string) (Echo, error)                                       `delete:"/delete{?reason}"`
	Anything func(ctx context.Context, segment string) (Echo, error)                                      `get:"/anything/{segment}"`
	Headers  func(ctx context.Context, header http.Header) (Echo, error)                                  `get:"/headers"`
}

func TestGetSendsQueryParameters(t *testing.T) {
	c := start[EchoClient](t, serve(t), "")
	cases := map[string]struct {
		name    string
		limit   int
		inStock bool
		tags    []string
		want    string
	}{
		"plain":            {"rake", 5, true, []string{"a", "b"}, "in_stock=true&limit=5&name=rake&tags=a%2Cb"},
		"zero values":      {"", 0, false, nil, "in_stock=false&limit=0&name="},
		"reserved letters": {"a&b=c d+e?#/%", -1, true, []string{"x,y"}, "in_stock=true&limit=-1&name=a%26b%3Dc+d%2Be%3F%23%2F%25&tags=x%2Cy"},
		"beyond ASCII":     {"žluťoučký 𝛑", 1, true, nil, "in_stock=true&limit=1&name=%C5%BElu%C5%A5ou%C4%8Dk%C3%BD+%F0%9D%9B%91"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			echo, err := c.Get(t.Context(), tc.name, tc.limit, tc.inStock, tc.tags)
			if err != nil || echo.Method != "GET" || echo.Args.Encode() != tc.want {
				t.Errorf("%s ?%s, %v; want ?%s", echo.Method, echo.Args.Encode(), err, tc.want)
			}
		})
	}
}

func TestValuesAndHeaderAreArguments(t *testing.T) {
	c := start[EchoClient](t, serve(t), "")
	echo, err := c.Query(t.Context(), url.Values{"q": {"1", "2"}}, http.Header{"X-Trace": {"abc", "def"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := echo.Args.Encode(), "fixed=1&q=1&q=2"; got != want {
		t.Errorf("args %s, want %s", got, want)
	}
	if got := echo.Headers["X-Trace"]; !slices.Equal(got, []string{"abc", "def"}) {
		t.Errorf("X-Trace %q", got)
	}
}

func TestPathArgumentsStayOneSegment(t *testing.T) {
	server := serve(t)
	c := start[EchoClient](t, server, "")
	for argument, want := range map[string]string{
		"42":         "/anything/42",
		"a b":        "/anything/a%20b",
		"a/b":        "/anything/a%2Fb",
		"..%2Fadmin": "/anything/..%252Fadmin",
		"a?b#c":      "/anything/a%3Fb%23c",
	} {
		t.Run(argument, func(t *testing.T) {
			echo, err := c.Anything(t.Context(), argument)
			if want = server.URL + want; err != nil || echo.URL != want {
				t.Errorf("%s, %v; want %s", echo.URL, err, want)
			}
		})
	}
}

func TestBodiesArriveAsSent(t *testing.T) {
	c := start[EchoClient](t, serve(t), "")
	sent := Product{Name: `"rake" <&> ž`, Price: 1299, Tags: []string{"garden"}}
	verbs := map[string]func(context.Context, Product) (Echo, error){"POST": c.Post, "PUT": c.Put, "PATCH": c.Patch}
	for verb, call := range verbs {
		t.Run(verb, func(t *testing.T) {
			echo, err := call(t.Context(), sent)
			if err != nil || echo.Method != verb {
				t.Fatalf("%s, %v", echo.Method, err)
			}
			var got Product
			unmarshal(t, []byte(echo.Data), &got)
			if got.Name != sent.Name || got.Price != sent.Price || !slices.Equal(got.Tags, sent.Tags) {
				t.Errorf("body %s", echo.Data)
			}
			if len(echo.JSON) == 0 || echo.Headers.Get("Content-Type") != "application/json" {
				t.Errorf("sent as %q", echo.Headers.Get("Content-Type"))
			}
		})
	}
}

func TestDeleteHasNoBody(t *testing.T) {
	c := start[EchoClient](t, serve(t), "")
	echo, err := c.Delete(t.Context(), "sold out")
	if err != nil || echo.Method != "DELETE" || echo.Data != "" || echo.Args.Get("reason") != "sold out" {
		t.Errorf("%+v, %v", echo, err)
	}
}

func TestResponseHoldsStatusAndHeaders(t *testing.T) {
	c := start[EchoClient](t, serve(t), "")
	full, err := c.Full(t.Context())
	if err != nil || full.Status != 200 || full.Body.Method != "GET" || full.Header.Get("Content-Type") != "application/json; charset=utf-8" {
		t.Errorf("GET: %+v, %v", full, err)
	}
	head, err := c.Head(t.Context())
	if err != nil || head.Status != 200 || head.Body.Method != "" || head.Header.Get("Content-Type") == "" {
		t.Errorf("HEAD: %+v, %v", head, err)
	}
	options, err := c.Options(t.Context())
	if err != nil || options.Header.Get("Access-Control-Allow-Methods") == "" {
		t.Errorf("OPTIONS: %+v, %v", options, err)
	}
}

func TestHeadersOfSettingsAndArguments(t *testing.T) {
	c := start[EchoClient](t, serve(t), `
pyfly.client:
  default.headers:
    X-Everyone: all
    X-Team: shop
  services.echo-client.headers:
    X-Team: garden
    x-api-key: "12345"
`)
	echo, err := c.Headers(t.Context(), http.Header{"X-Api-Key": {"of the call"}, "Accept-Language": {"cs"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"X-Everyone":      "all",
		"X-Team":          "garden",
		"X-Api-Key":       "of the call",
		"Accept-Language": "cs",
		"Accept":          "application/json",
	} {
		if got := echo.Headers.Values(name); !slices.Equal(got, []string{want}) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
