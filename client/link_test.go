// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
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
