// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
)

type pageClient struct {
	client.HttpClient `url:"http://pages.invalid" name:"pages"`

	List func(ctx context.Context, next client.URL, more url.Values) (Product, error) `get:"/products"`
}

func TestALinkTakesThePlaceOfPathAndQuery(t *testing.T) {
	for _, base := range []string{"", "/api", "/api/"} {
		s := serve(t, nil)
		c := wireBy[pageClient](t, over("pages", s.URL+base))
		root := strings.TrimSuffix(base, "/")
		for link, want := range map[string]string{
			"": root + "/products?",
			s.URL + root + "/products?page=2&x=a%2Fb": root + "/products?page=2&x=a%2Fb",
			root + "/a%2Fb/c?q":                       root + "/a%2Fb/c?q",
		} {
			if _, err := c.List(t.Context(), client.URL(link), nil); err != nil {
				t.Errorf("%s: %v", link, err)
				continue
			}
			if got := s.last(t); got.Path+"?"+got.Query != want {
				t.Errorf("%s: the server saw %s?%s, want %s", link, got.Path, got.Query, want)
			}
		}
	}
}

// TestQueryArgumentsBesideALinkAreAddedToIt also has a declared query, which the link
// replaces.
func TestQueryArgumentsBesideALinkAreAddedToIt(t *testing.T) {
	type filter struct {
		Tags []string `query:"tag"`
	}
	type besideClient struct {
		client.HttpClient `url:"http://beside.invalid" name:"beside"`

		List func(ctx context.Context, next client.URL, f filter, more url.Values) (Product, error) `get:"/products?sort=name"`
	}
	s := serve(t, nil)
	elsewhere := serve(t, nil)
	c := wireBy[besideClient](t, over("beside", s.URL, "pyfly.client.services.beside.allowed-hosts", strings.TrimPrefix(elsewhere.URL, "http://")))
	for link, want := range map[string]string{
		"":                       "sort=name&tag=a&tag=b%20c&debug=1",
		"/next?page=2":           "page=2&tag=a&tag=b%20c&debug=1",
		"/next":                  "tag=a&tag=b%20c&debug=1",
		elsewhere.URL + "/x?k=v": "k=v&tag=a&tag=b%20c&debug=1",
	} {
		if _, err := c.List(t.Context(), client.URL(link), filter{[]string{"a", "b c"}}, url.Values{"debug": {"1"}}); err != nil {
			t.Fatal(err)
		}
		at := s
		if strings.HasPrefix(link, "http") {
			at = elsewhere
		}
		if got := at.last(t).Query; got != want {
			t.Errorf("%s: the server saw %s, want %s", link, got, want)
		}
	}
	if _, err := c.List(t.Context(), "/next?page=2", filter{}, nil); err != nil || s.last(t).Query != "page=2" {
		t.Errorf("without arguments: %s, %v", s.last(t).Query, err)
	}
}

func TestALinkToElsewhereIsRefused(t *testing.T) {
	s := serve(t, nil)
	c := wireBy[pageClient](t, over("pages", s.URL+"/api"))
	for _, link := range []string{
		"http://evil.invalid/api/products", strings.Replace(s.URL, "http", "https", 1) + "/api/x", "//evil.invalid/api/x",
		s.URL + "/other", s.URL + "/apix", s.URL + "/api/../secret", s.URL + "/api/%2e%2e/secret", "products", "?page=2",
		"mailto:a@b", "http://%zz", s.URL + "/api/a\r\nb", strings.Replace(s.URL, "http://", "http://user@", 1) + "x/api/y",
	} {
		if _, err := c.List(t.Context(), client.URL(link), nil); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%q: %v", link, err)
		}
	}
	if n := len(s.seen()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	d := client.Describe[struct {
		client.HttpClient
		Get func(ctx context.Context, next client.URL) error `get:"/x/{id}"`
	}]()
	if err := d.Err(); !errors.Is(err, client.ErrDeclaration) || !strings.Contains(err.Error(), "cannot have variables") {
		t.Errorf("got %v", err)
	}
}

func TestALinkToAnAllowedHostTakesNoSecretsAlong(t *testing.T) {
	files := serve(t, nil)
	own := serve(t, nil)
	port := files.URL[strings.LastIndexByte(files.URL, ':'):]
	c := wireBy[pageClient](t, over("pages", own.URL,
		"pyfly.client.services.pages.allowed-hosts", []string{"127.0.0.1" + port},
		"pyfly.client.services.pages.auth.bearer.token", "sesame",
		"pyfly.client.services.pages.headers.x-tenant", "garden"))
	if _, err := c.List(t.Context(), client.URL(files.URL+"/a%2Fb?x=1"), url.Values{"y": {"2"}}); err != nil {
		t.Fatal(err)
	}
	got := files.last(t)
	if got.Path != "/a%2Fb" || got.Query != "x=1&y=2" {
		t.Errorf("the allowed host saw %s?%s", got.Path, got.Query)
	}
	if got.Header.Get("Authorization") != "" || got.Header.Get("X-Tenant") != "" {
		t.Errorf("the allowed host was sent %v", got.Header)
	}
	if _, err := c.List(t.Context(), client.URL(own.URL+"/next"), nil); err != nil {
		t.Fatal(err)
	}
	if got := own.last(t); got.Header.Get("Authorization") != "Bearer sesame" || got.Header.Get("X-Tenant") != "garden" {
		t.Errorf("the own host was sent %v", got.Header)
	}
	if _, err := c.List(t.Context(), "http://127.0.0.1:1/x", nil); !errors.Is(err, client.ErrInvalidRequest) {
		t.Errorf("another port: %v", err)
	}
}

func TestAnErrorOfAnAllowedHostNamesIt(t *testing.T) {
	c := wire[pageClient](t, over("pages", "https://pages.invalid", "pyfly.client.default.allowed-hosts", "*.files.example"),
		portFunc(func(*http.Request) (*http.Response, error) { return answer(404, ""), nil }))
	_, err := c.List(t.Context(), "https://eu.files.example/a?token=x", nil)
	var failed *client.Error
	if !errors.As(err, &failed) || failed.URL != "https://eu.files.example/a?token=******" {
		t.Errorf("got %v", err)
	}
	for _, link := range []client.URL{"http://eu.files.example/a", "https://files.example/a", "https://evilfiles.example/a", "https://u@eu.files.example/a", "https://eu.files.example:8443/a"} {
		if _, err := c.List(t.Context(), link, nil); !errors.Is(err, client.ErrInvalidRequest) {
			t.Errorf("%s: %v", link, err)
		}
	}
}
