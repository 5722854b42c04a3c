// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

type paging struct {
	Page int  `query:"page" default:"1"`
	Size *int `query:"size"`
}

type searchRequest struct {
	paging
	Shop     string            `path:"shop"`
	Term     string            `query:"q,omitempty"`
	Tags     []string          `query:"tag"`
	Filter   map[string]string `query:"filter"`
	Since    time.Time         `query:"since,omitempty" layout:"2006-01-02"`
	Sort     []string          `query:"sort"`
	Tenant   string            `header:"X-Tenant,omitempty"`
	Session  string            `cookie:"session,omitempty"`
	Theme    string            `cookie:"theme" default:"dark"`
	internal int
}

type orderRequest struct {
	ID    string  `path:"id"`
	Order Product `body:""`
	Trace string  `header:"X-Trace,omitempty"`
}

type loginForm struct {
	User   string   `form:"user"`
	Scopes []string `form:"scope"`
	Realm  string   `form:"realm,omitempty"`
}

type structClient struct {
	client.HttpClient `url:"http://struct.invalid" headers:"X-Client: shop; X-Tenant: ${tenant:none}"`

	Search func(ctx context.Context, r searchRequest) ([]Product, error)               `get:"/shops/{shop}/products{?sort}"`
	Put    func(ctx context.Context, r *orderRequest, header http.Header) error        `put:"/orders/{id}" headers:"X-Method: put; Accept-Language: ${language}"`
	Login  func(ctx context.Context, form loginForm, more url.Values) (Product, error) `post:"/login"`
}

func newStructClient(t *testing.T) (*structClient, *server) {
	t.Helper()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/shops") {
			writeJSON(w, http.StatusOK, []Product{})
			return
		}
		writeJSON(w, http.StatusOK, Product{})
	})
	return wireBy[structClient](t, over("struct-client", s.URL, "language", "de")), s
}

func TestAStructArgumentFillsARequest(t *testing.T) {
	c, s := newStructClient(t)
	size := 20
	_, err := c.Search(t.Context(), searchRequest{
		paging: paging{Page: 3, Size: &size},
		Shop:   "a/b", Term: "rake & hoe", Tags: []string{"x", "y z"}, Filter: map[string]string{"min": "1", "max": "2"},
		Since: time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC), Sort: []string{"name", "price"}, Tenant: "acme", Session: "s1", internal: 1,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := s.last(t)
	const query = "sort=name,price&page=3&size=20&q=rake%20%26%20hoe&tag=x&tag=y%20z&max=2&min=1&since=2026-05-04"
	if got.Path != "/shops/a%2Fb/products" || !sameParameters(got.Query, query) {
		t.Errorf("got %s?%s, want %s", got.Path, got.Query, query)
	}
	if got.Header.Get("X-Tenant") != "acme" || got.Header.Get("X-Client") != "shop" || got.Header.Get("Cookie") != "session=s1; theme=dark" {
		t.Errorf("headers %v", got.Header)
	}
}

func sameParameters(a, b string) bool {
	count := map[string]int{}
	for _, pair := range strings.Split(a, "&") {
		count[pair]++
	}
	for _, pair := range strings.Split(b, "&") {
		count[pair]--
	}
	for _, n := range count {
		if n != 0 {
			return false
		}
	}
	return true
}

func TestWhatAStructArgumentLeavesOut(t *testing.T) {
	c, s := newStructClient(t)
	if _, err := c.Search(t.Context(), searchRequest{Shop: "s"}); err != nil {
		t.Fatal(err)
	}
	got := s.last(t)
	if got.Query != "page=1" || got.Header.Get("Cookie") != "theme=dark" || got.Header.Get("X-Tenant") != "none" {
		t.Errorf("got %s, %v", got.Query, got.Header)
	}
}

func TestAStructArgumentWithABodyAndHeaders(t *testing.T) {
	c, s := newStructClient(t)
	err := c.Put(t.Context(), &orderRequest{ID: "7", Order: Product{Name: "rake"}, Trace: "t1"}, http.Header{"X-More": {"m"}, "X-Method": {"own"}})
	if err != nil {
		t.Fatal(err)
	}
	got := s.last(t)
	if got.Verb != "PUT" || got.Path != "/orders/7" || !strings.Contains(got.Body, `"rake"`) || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %+v", got)
	}
	for name, want := range map[string]string{"X-Trace": "t1", "X-More": "m", "X-Method": "own", "Accept-Language": "de", "X-Client": "shop"} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
}

func TestAStructArgumentWithAForm(t *testing.T) {
	c, s := newStructClient(t)
	if _, err := c.Login(t.Context(), loginForm{User: "ada & co", Scopes: []string{"read", "write"}}, url.Values{"debug": {"1"}}); err != nil {
		t.Fatal(err)
	}
	got := s.last(t)
	if got.Body != "user=ada%20%26%20co&scope=read&scope=write" || got.Header.Get("Content-Type") != "application/x-www-form-urlencoded" || got.Query != "debug=1" {
		t.Errorf("got %+v", got)
	}
}

func TestStructArgumentsThatCannotBeSent(t *testing.T) {
	c, s := newStructClient(t)
	for name, r := range map[string]searchRequest{
		"an empty path":              {},
		"a dot segment":              {Shop: ".."},
		"a header with a line break": {Shop: "s", Tenant: "a\r\nX-Admin: 1"},
		"a cookie with a line break": {Shop: "s", Session: "a\nb"},
		"a cookie with a semicolon":  {Shop: "s", Session: "a; admin=1"},
	} {
		if _, err := c.Search(t.Context(), r); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := c.Put(t.Context(), nil, nil); !errors.Is(err, client.ErrInvalidRequest) {
		t.Errorf("a nil struct: %v", err)
	}
	if n := len(s.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

func TestStructArgumentsAreDescribed(t *testing.T) {
	d := client.Describe[structClient]()
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range d.Methods[2].Parameters {
		got = append(got, p.In+":"+p.Name+":"+p.Type)
	}
	if want := "form:user:string form:scope:[]string form:realm:string query::url.Values"; strings.Join(got, " ") != want {
		t.Errorf("got %s, want %s", strings.Join(got, " "), want)
	}
	if d.Headers.Get("X-Client") != "shop" || d.Methods[1].Headers.Get("Accept-Language") != "${language}" {
		t.Errorf("headers %v, %v", d.Headers, d.Methods[1].Headers)
	}
}

func TestWrongStructArguments(t *testing.T) {
	type ctx = context.Context
	cases := map[string]func() client.Declaration{
		".ID goes into {id}, but the path \"/x\" has no such variable": client.Describe[struct {
			client.HttpClient
			Get func(ctx, struct {
				ID string `path:"id"`
			}) error `get:"/x"`
		}],
		"the path \"/x/{id}\" has a variable {id} that no argument gives": client.Describe[struct {
			client.HttpClient
			Get func(ctx, struct {
				Q string `query:"q"`
			}) error `get:"/x/{id}"`
		}],
		"has two places, path and query": client.Describe[struct {
			client.HttpClient
			Get func(ctx, struct {
				Q string `path:"q" query:"q"`
			}) error `get:"/x/{q}"`
		}],
		"Other has no place: tag it with one of path, query, header, cookie, form, body": client.Describe[struct {
			client.HttpClient
			Get func(ctx, struct {
				Q     string `query:"q"`
				Other int
			}) error `get:"/x"`
		}],
		"is unexported and cannot be read": client.Describe[struct {
			client.HttpClient
			Get func(ctx, struct {
				q string `query:"q"`
			}) error `get:"/x"`
		}],
		"is a chan int, which cannot be written as query": client.Describe[struct {
			client.HttpClient
			Get func(ctx, struct {
				Q chan int `query:"q"`
			}) error `get:"/x"`
		}],
		"\"X Y\" is no header name": client.Describe[struct {
			client.HttpClient
			Get func(ctx, struct {
				Q string `header:"X Y"`
			}) error `get:"/x"`
		}],
		"is a body, but GET has none": client.Describe[struct {
			client.HttpClient
			Get func(ctx, struct {
				B Product `body:""`
			}) error `get:"/x"`
		}],
		"is a second body": client.Describe[struct {
			client.HttpClient
			Post func(ctx, struct {
				A Product `body:""`
				B Product `body:""`
			}) error `post:"/x"`
		}],
		"is a field of a form, but there is a body already": client.Describe[struct {
			client.HttpClient
			Post func(ctx, struct {
				A Product `body:""`
				B string  `form:"b"`
			}) error `post:"/x"`
		}],
		"query needs a name": client.Describe[struct {
			client.HttpClient
			Get func(ctx, struct {
				Q string `query:",omitempty"`
			}) error `get:"/x"`
		}],
		"unknown option \"omitzero\"": client.Describe[struct {
			client.HttpClient
			Get func(ctx, struct {
				Q string `query:"q,omitzero"`
			}) error `get:"/x"`
		}],
		"headers \"X Tenant: a\"": client.Describe[struct {
			client.HttpClient `headers:"X Tenant: a"`
		}],
		"has a content-type, but GET has no body": client.Describe[struct {
			client.HttpClient
			Get func(ctx) error `get:"/x" content-type:"application/xml"`
		}],
	}
	for want, describe := range cases {
		if err := describe().Err(); err == nil || !errors.Is(err, client.ErrDeclaration) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant it to say %q", err, want)
		}
	}
}
