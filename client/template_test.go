// SPDX-License-Identifier: Apache-2.0

package client

import (
	"net/url"
	"strings"
	"testing"
)

func expand(t *template, values ...string) (path, query string, err error) {
	arguments := make([]argumentValue, len(values))
	for i, v := range values {
		arguments[i] = argumentValue{text: v}
	}
	path, err = t.expandPath(arguments)
	return path, t.expandQuery(arguments), err
}

func TestTemplatesAreExpanded(t *testing.T) {
	cases := []struct {
		template    string
		values      []string
		path, query string
	}{
		{"/products", nil, "/products", ""},
		{"/products/{id}", []string{"42"}, "/products/42", ""},
		{"/a/{x}/b/{y}", []string{"1", "2"}, "/a/1/b/2", ""},
		{"/files/{name}.json", []string{"report"}, "/files/report.json", ""},
		{"/{x}{y}", []string{"a", "b"}, "/ab", ""},
		{"/products{?category,in_stock}", []string{"garden", "true"}, "/products", "category=garden&in_stock=true"},
		{"/products{?category}", []string{""}, "/products", "category="},
		{"/products?sort=name{&page}", []string{"2"}, "/products", "sort=name&page=2"},
		{"/products{?a}{&b}", []string{"1", "2"}, "/products", "a=1&b=2"},
		{"/products/{id}{?full}", []string{"7", "yes"}, "/products/7", "full=yes"},
		// RFC 6570, section 3.2.2: everything but the unreserved is encoded.
		{"/{v}", []string{"Hello World!"}, "/Hello%20World%21", ""},
		{"/{v}", []string{"a/b"}, "/a%2Fb", ""},
		{"/{v}", []string{"../etc/passwd"}, "/..%2Fetc%2Fpasswd", ""},
		{"/{v}", []string{"{x}"}, "/%7Bx%7D", ""},
		{"/{v}", []string{"50%"}, "/50%25", ""},
		{"/{v}", []string{"a?b#c&d=e"}, "/a%3Fb%23c%26d%3De", ""},
		{"/{v}", []string{"äö€"}, "/%C3%A4%C3%B6%E2%82%AC", ""},
		{"/{v}", []string{"~-._"}, "/~-._", ""},
		{"/{v}", []string{"..."}, "/...", ""},
		{"/s{?q}", []string{"a&b=c d+e"}, "/s", "q=a%26b%3Dc%20d%2Be"},
		{"/s{?q}", []string{"line\r\nbreak"}, "/s", "q=line%0D%0Abreak"},
	}
	for _, c := range cases {
		compiled, err := parseTemplate(c.template)
		if err != nil {
			t.Errorf("%s: %v", c.template, err)
			continue
		}
		path, query, err := expand(compiled, c.values...)
		if err != nil || path != c.path || query != c.query {
			t.Errorf("%s with %q: %q, %q, %v; want %q, %q", c.template, c.values, path, query, err, c.path, c.query)
		}
	}
}

func TestPathArgumentsThatAreRefused(t *testing.T) {
	for _, c := range []struct{ template, value string }{
		{"/products/{id}", ""}, {"/products/{id}", "."}, {"/products/{id}", ".."}, {"/a/{x}/b", ".."}, {"/.{x}", "."},
	} {
		compiled, err := parseTemplate(c.template)
		if err != nil {
			t.Fatal(err)
		}
		if path, _, err := expand(compiled, c.value); err == nil {
			t.Errorf("%s with %q was not refused: %q", c.template, c.value, path)
		}
	}
}

func TestWrongTemplates(t *testing.T) {
	for template, want := range map[string]string{
		"products":    "does not begin with a slash",
		"":            "does not begin with a slash",
		"/{id":        "'{' without a '}'",
		"/id}":        "'}' without a '{'",
		"/{}":         "empty expression",
		"/{a,b}":      "takes one variable",
		"/{+path}":    "only {x}, {?a,b} and {&a}",
		"/{id*}":      "letters, digits and underscores",
		"/{a b}":      "letters, digits and underscores",
		"/{a}/{a}":    "twice",
		"/{&a}":       "write {?a}",
		"/x?y=1{?a}":  "write {&a}",
		"/x{?a}{b}":   "write {&b}",
		"/x{?}":       "letters, digits",
		"/a b":        "percent-encoded",
		"/ä":          "percent-encoded",
		"/x#fragment": "percent-encoded",
		"/a/../b":     `segment ".."`,
		"/a/./b":      `segment "."`,
	} {
		if _, err := parseTemplate(template); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to say %q", template, err, want)
		}
	}
}

// FuzzPathEscaping proves that no argument leaves its path segment and that the
// server gets back what was given.
func FuzzPathEscaping(f *testing.F) {
	for _, seed := range []string{"42", "a/b", "..", "%2e%2e", "{x}", "?q", "#f", "\x00", "ä€", "\r\nX: y", `\`, ";v=1"} {
		f.Add(seed)
	}
	compiled, err := parseTemplate("/a/{x}/b{?q}")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, value string) {
		path, query, err := expand(compiled, value, value)
		if err != nil {
			if value != "" && value != "." && value != ".." {
				t.Fatalf("%q was refused: %v", value, err)
			}
			return
		}
		u, err := url.Parse("http://h" + path + "?" + query)
		if err != nil {
			t.Fatalf("%q makes no URL: %v", value, err)
		}
		segments := strings.Split(u.EscapedPath(), "/")
		if len(segments) != 4 || segments[1] != "a" || segments[3] != "b" || u.Fragment != "" {
			t.Fatalf("%q left its segment: %s", value, u)
		}
		if back, err := url.PathUnescape(segments[2]); err != nil || back != value {
			t.Fatalf("%q came back as %q, %v", value, back, err)
		}
		if got := u.Query(); len(got) != 1 || got.Get("q") != value {
			t.Fatalf("%q came back in the query as %q", value, got)
		}
	})
}
