// SPDX-License-Identifier: Apache-2.0

package naming_test

import (
	"crypto/ecdsa"
	"crypto/rsa"
	htmltemplate "html/template"
	"math/rand"
	randv2 "math/rand/v2"
	"net/netip"
	"net/url"
	"reflect"
	"testing"
	texttemplate "text/template"
	"time"

	"github.com/pyfly-go/pyfly/internal/naming"
)

type (
	repo[T any]    struct{}
	pair[A, B any] struct{}
	URL            struct{}
	HTTPServer     struct{}
	service        struct{}
	NamingTestURL  struct{}
	Template       struct{}
)

func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }

func TestOfType(t *testing.T) {
	type local struct{}
	for _, c := range []struct {
		typ          reflect.Type
		camel, kebab string
	}{
		{typeOf[service](), "service", "service"},
		{typeOf[**service](), "service", "service"},
		{typeOf[HTTPServer](), "hTTPServer", "http-server"},
		{typeOf[*url.URL](), "uRL", "url"},
		{typeOf[local](), "local", "local"},
		{typeOf[repo[url.URL]](), "repo[URL]", "repo-url"},
		{typeOf[*repo[*url.URL]](), "repo[*URL]", "repo-url"},
		{typeOf[repo[[]url.URL]](), "repo[[]URL]", "repo-url"},
		{typeOf[repo[[3]url.URL]](), "repo[[3]URL]", "repo-3-url"},
		{typeOf[repo[int]](), "repo[int]", "repo-int"},
		{typeOf[repo[local]](), "repo[local]", "repo-local"},
		{typeOf[repo[map[string]*url.URL]](), "repo[map[string]*URL]", "repo-map-string-url"},
		{typeOf[repo[repo[[]url.URL]]](), "repo[repo[[]URL]]", "repo-repo-url"},
		{typeOf[pair[url.URL, *time.Time]](), "pair[URL,*Time]", "pair-url-time"},
		{typeOf[repo[func(url.URL, ...time.Time) error]](), "repo[func(URL, ...Time) error]", "repo-func-url-time-error"},
		{typeOf[repo[chan<- url.URL]](), "repo[chan<- URL]", "repo-chan-url"},
		{typeOf[repo[struct {
			A url.URL `json:"a/b.c"`
		}]](), `repo[struct { A URL "json:\"a/b.c\"" }]`, "repo-struct-a-url-json-a-b-c"},
		{typeOf[[]url.URL](), "[]url.URL", "[]url.URL"},
		{typeOf[func() string](), "func() string", "func() string"},
	} {
		if got := naming.OfType(c.typ, naming.Camel); got != c.camel {
			t.Errorf("%s is %q, want %q", c.typ, got, c.camel)
		}
		if got := naming.OfType(c.typ, naming.Kebab); got != c.kebab {
			t.Errorf("%s is %q, want %q", c.typ, got, c.kebab)
		}
	}
}

func TestDistinct(t *testing.T) {
	nothing := func(string) bool { return false }
	type expected struct {
		typ          reflect.Type
		camel, kebab string
	}
	cases := map[string]struct {
		isTaken func(string) bool
		types   []expected
	}{
		"a lone one": {nothing, []expected{{typeOf[url.URL](), "uRL", "url"}, {typeOf[service](), "service", "service"}}},
		"one twice":  {nothing, []expected{{typeOf[url.URL](), "uRL", "url"}, {typeOf[*url.URL](), "uRL", "url"}}},
		"two packages": {nothing, []expected{
			{typeOf[url.URL](), "urlURL", "url-url"}, {typeOf[*URL](), "namingTestURL", "naming-test-url"}, {typeOf[service](), "service", "service"},
		}},
		"two packages of one name, one inside of the other": {nothing, []expected{
			{typeOf[rand.Rand](), "mathRandRand", "math-rand-rand"}, {typeOf[randv2.Rand](), "v2RandRand", "v2-rand-rand"},
		}},
		"three packages, two of one name": {nothing, []expected{
			{typeOf[texttemplate.Template](), "textTemplateTemplate", "text-template-template"},
			{typeOf[htmltemplate.Template](), "htmlTemplateTemplate", "html-template-template"},
			{typeOf[Template](), "namingTestTemplate", "naming-test-template"},
		}},
		"packages of one name": {nothing, []expected{
			{typeOf[texttemplate.Template](), "textTemplateTemplate", "text-template-template"},
			{typeOf[htmltemplate.Template](), "htmlTemplateTemplate", "html-template-template"},
		}},
		"type arguments of two packages": {nothing, []expected{
			{typeOf[repo[url.URL]](), "repo[url.URL]", "repo-url-url"}, {typeOf[repo[URL]](), "repo[naming_test.URL]", "repo-naming-test-url"},
		}},
		"different arguments": {nothing, []expected{
			{typeOf[repo[url.URL]](), "repo[URL]", ""}, {typeOf[repo[*url.URL]](), "repo[*URL]", ""}, {typeOf[repo[[]url.URL]](), "repo[[]URL]", ""},
		}},
		"a longer name that is a type's": {nothing, []expected{
			{typeOf[url.URL](), "urlURL", "url-url"}, {typeOf[URL](), "internalNamingTestURL", ""}, {typeOf[NamingTestURL](), "namingTestURL", "naming-test-url"},
		}},
		"a longer name that is taken": {func(name string) bool { return name == "urlURL" || name == "url-url" }, []expected{
			{typeOf[url.URL](), "netUrlURL", "net-url-url"}, {typeOf[URL](), "", ""},
		}},
		"two groups": {nothing, []expected{
			{typeOf[texttemplate.Template](), "textTemplateTemplate", "text-template-template"},
			{typeOf[htmltemplate.Template](), "htmlTemplateTemplate", ""},
			{typeOf[rsa.PublicKey](), "rsaPublicKey", "rsa-public-key"},
			{typeOf[ecdsa.PublicKey](), "ecdsaPublicKey", "ecdsa-public-key"},
			{typeOf[netip.Addr](), "addr", "addr"},
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var types []reflect.Type
			for _, want := range c.types {
				types = append(types, want.typ)
			}
			camel, kebab := naming.Distinct(types, naming.Camel, c.isTaken), naming.Distinct(types, naming.Kebab, c.isTaken)
			seen := map[string]reflect.Type{}
			for _, want := range c.types {
				typ := want.typ
				for typ.Kind() == reflect.Pointer {
					typ = typ.Elem()
				}
				if got := camel[typ]; want.camel != "" && got != want.camel {
					t.Errorf("%s is %q, want %q", typ, got, want.camel)
				}
				if got := kebab[typ]; want.kebab != "" && got != want.kebab {
					t.Errorf("%s is %q, want %q", typ, got, want.kebab)
				}
				if other, is := seen[camel[typ]]; is && other != typ {
					t.Errorf("%s and %s are both %q", typ, other, camel[typ])
				}
				seen[camel[typ]] = typ
				if !naming.IsOfType(camel[typ], typ, naming.Camel) {
					t.Errorf("%q is not known as a name of %s", camel[typ], typ)
				}
			}
		})
	}
	if naming.IsOfType("uRLs", typeOf[url.URL](), naming.Camel) {
		t.Error("a name of another type")
	}
}

func TestTypesThatNothingTellsApartKeepTheirName(t *testing.T) {
	one := func() reflect.Type { type local struct{}; return typeOf[local]() }()
	other := func() reflect.Type { type local struct{ _ int }; return typeOf[local]() }()
	names := naming.Distinct([]reflect.Type{one, other}, naming.Camel, func(string) bool { return false })
	if names[one] != "local" || names[other] != "local" {
		t.Errorf("names %v", names)
	}
}
