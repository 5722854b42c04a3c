// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/internal/declaration"
	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

func parseTemplate(source string) (*Template, error) {
	t, err := declaration.ParseTemplate(source)
	if err != nil {
		return nil, err
	}
	return NewTemplate(t), nil
}

func expand(t *Template, values ...any) (path, query string, err error) {
	arguments := make([]uritemplate.Value, len(values))
	for i, v := range values {
		arguments[i] = argument(v)
	}
	path, err = t.expandPath(arguments)
	return path, t.expandQuery(arguments), err
}

func argument(v any) uritemplate.Value {
	switch v := v.(type) {
	case nil:
		return uritemplate.Value{Missing: true}
	case []string:
		return uritemplate.Value{Kind: uritemplate.List, List: v}
	case [][2]string:
		return uritemplate.Value{Kind: uritemplate.Pairs, Pairs: v}
	}
	return uritemplate.Value{Text: fmt.Sprint(v)}
}

func TestTemplatesAreExpanded(t *testing.T) {
	cases := []struct {
		template    string
		values      []any
		path, query string
	}{
		{"/products", nil, "/products", ""},
		{"/products/{id}", []any{"42"}, "/products/42", ""},
		{"/a/{x}/b/{y}", []any{"1", "2"}, "/a/1/b/2", ""},
		{"/files/{name}.json", []any{"report"}, "/files/report.json", ""},
		{"/{x}{y}", []any{"a", "b"}, "/ab", ""},
		{"/products{?category,in_stock}", []any{"garden", "true"}, "/products", "category=garden&in_stock=true"},
		{"/products{?category}", []any{""}, "/products", "category="},
		{"/products?sort=name{&page}", []any{"2"}, "/products", "sort=name&page=2"},
		{"/products{?a}{&b}", []any{"1", "2"}, "/products", "a=1&b=2"},
		{"/products/{id}{?full}", []any{"7", "yes"}, "/products/7", "full=yes"},
		// RFC 6570, section 3.2.2: everything but the unreserved is encoded.
		{"/{v}", []any{"Hello World!"}, "/Hello%20World%21", ""},
		{"/{v}", []any{"a/b"}, "/a%2Fb", ""},
		{"/{v}", []any{"../etc/passwd"}, "/..%2Fetc%2Fpasswd", ""},
		{"/{v}", []any{"{x}"}, "/%7Bx%7D", ""},
		{"/{v}", []any{"50%"}, "/50%25", ""},
		{"/{v}", []any{"a?b#c&d=e"}, "/a%3Fb%23c%26d%3De", ""},
		{"/{v}", []any{"äö€"}, "/%C3%A4%C3%B6%E2%82%AC", ""},
		{"/{v}", []any{"~-._"}, "/~-._", ""},
		{"/{v}", []any{"..."}, "/...", ""},
		{"/s{?q}", []any{"a&b=c d+e"}, "/s", "q=a%26b%3Dc%20d%2Be"},
		// Further levels.
		{"/{a,b}", []any{"1", "2"}, "/1,2", ""},
		{"/{a}/{a}", []any{"1"}, "/1/1", ""},
		{"/{id:3}", []any{"product"}, "/pro", ""},
		{"/files{/path*}", []any{[]string{"a b", "c/d"}}, "/files/a%20b/c%2Fd", ""},
		{"/files{/path*}", []any{[]string{}}, "/files", ""},
		{"/files{/a,b}", []any{"x", nil}, "/files/x", ""},
		{"/files/{+path}", []any{"a/b c.txt"}, "/files/a/b%20c.txt", ""},
		{"/files/{+path}", []any{"a?b#c"}, "/files/a%3Fb%23c", ""},
		{"/report{.format}", []any{"pdf"}, "/report.pdf", ""},
		{"/report{.format}", []any{nil}, "/report", ""},
		{"/map{;x,y}", []any{1, 2}, "/map;x=1;y=2", ""},
		{"/{ids}", []any{[]string{"1", "2", "3"}}, "/1,2,3", ""},
		{"/s{?tag*}", []any{[]string{"a", "b"}}, "/s", "tag=a&tag=b"},
		{"/s{?tag}", []any{[]string{"a", "b,c"}}, "/s", "tag=a,b%2Cc"},
		{"/s{?filter*}", []any{[][2]string{{"max", "2"}, {"min", "1"}}}, "/s", "max=2&min=1"},
		{"/s{?a,b,c}", []any{nil, "2", nil}, "/s", "b=2"},
		{"/s?q={q}{&p}", []any{"a b", 3}, "/s", "q=a%20b&p=3"},
		{"/größe", nil, "/gr%C3%B6%C3%9Fe", ""},
		{"/größe/{v}", []any{"ü"}, "/gr%C3%B6%C3%9Fe/%C3%BC", ""},
		{"/s{?q}", []any{"line\r\nbreak"}, "/s", "q=line%0D%0Abreak"},
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
	for _, c := range []struct {
		template string
		value    any
	}{
		{"/products/{id}", ""}, {"/products/{id}", "."}, {"/products/{id}", ".."}, {"/a/{x}/b", ".."}, {"/.{x}", "."},
		{"/products/{id}", nil}, {"/products/{id}", []string{}}, {"/files{/x*}", []string{"a", ".."}}, {"/files{/x*}", []string{"a", ""}},
		{"/files{/x}", ""}, {"/files/{+x}", "a/../b"}, {"/files/{+x}", "a/%2e%2E/b"}, {"/files/{+x}", ".."}, {"/files{+x}", "/./a"}, {"/{x}/{x}", "."},
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
