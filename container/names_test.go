// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	htmltemplate "html/template"
	"net/url"
	"slices"
	"strings"
	"testing"
	texttemplate "text/template"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// namesOf returns the names of the beans of a context that starts, in order.
func namesOf(t *testing.T, app *container.ApplicationContext) []string {
	t.Helper()
	start(t, app)
	var names []string
	for _, b := range app.Beans() {
		names = append(names, b.Name)
	}
	slices.Sort(names)
	return names
}

type namedBox[T any] struct{}

func TestNamesByDefaultAreUnique(t *testing.T) {
	cases := map[string]struct {
		register func(app *container.ApplicationContext)
		want     string
	}{
		"lone ones": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&url.URL{})
			app.RegisterInstance(&person{})
		}, "person uRL"},
		"two packages": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&url.URL{})
			app.RegisterInstance(&URL{})
			app.RegisterInstance(&person{})
		}, "containerTestURL person urlURL"},
		"packages of one name": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&texttemplate.Template{})
			app.RegisterInstance(&htmltemplate.Template{})
		}, "htmlTemplateTemplate textTemplateTemplate"},
		"constructors, values and interfaces": {func(app *container.ApplicationContext) {
			app.Register(func() url.URL { return url.URL{} })
			app.Register(func() *URL { return &URL{} }, container.As[any](), container.Lazy())
		}, "containerTestURL urlURL"},
		"one that has another name": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&url.URL{})
			app.RegisterInstance(&URL{}, container.Named("mine"))
		}, "mine uRL"},
		"one that a condition keeps out": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&url.URL{})
			app.RegisterInstance(&URL{}, container.Profile("never"))
		}, "uRL"},
		"one that gives way": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&url.URL{}, container.OnMissingBean[*URL]())
			app.RegisterInstance(&URL{})
		}, "uRL"},
		"members of a group": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&url.URL{})
			app.RegisterInstance(&URL{}, container.Group("urls"))
			app.RegisterInstance(&URL{}, container.Group("urls"))
		}, "uRL uRL#2 uRL#3"},
		"processors": {func(app *container.ApplicationContext) {
			app.RegisterPostProcessor(&processor{})
			app.RegisterPostProcessor(&processor{})
			app.Register(func() *processor { return &processor{} })
		}, "processor processor#2 processor#3"},
		"fields of dig.Out": {func(app *container.ApplicationContext) {
			type urls struct {
				dig.Out
				Mine  *URL
				Named *person `name:"uRL"`
			}
			app.Register(func() urls { return urls{Mine: &URL{}, Named: &person{}} })
			app.RegisterInstance(&url.URL{})
		}, "containerTestURL uRL urlURL"},
		"properties": {func(app *container.ApplicationContext) {
			container.Properties[URL](app, "url")
			app.RegisterInstance(&url.URL{})
		}, "containerTestURL urlURL"},
		"generic types": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&namedBox[person]{})
			app.RegisterInstance(&namedBox[*person]{})
			app.RegisterInstance(&namedBox[[]person]{})
			app.RegisterInstance(&namedBox[map[string]person]{})
			app.RegisterInstance(&namedBox[namedBox[person]]{})
		}, "namedBox[*person] namedBox[[]person] namedBox[map[string]person] namedBox[namedBox[person]] namedBox[person]"},
		"generic types of two packages' types": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&namedBox[url.URL]{})
			app.RegisterInstance(&namedBox[URL]{})
		}, "namedBox[container_test.URL] namedBox[url.URL]"},
		"an override, which has the name of what it replaces": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&url.URL{})
			app.RegisterInstance(&URL{})
			app.Override(func() *URL { return &URL{} })
		}, "containerTestURL urlURL"},
		"an override by the longer name": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&url.URL{})
			app.RegisterInstance(&URL{})
			app.RegisterInstance(&URL{}, container.Named("other"))
			app.Override(func() *URL { return &URL{} }, container.Named("containerTestURL"))
		}, "containerTestURL other urlURL"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			app := newApp(container.WithConfig(config.New(nil)))
			c.register(app)
			if got := strings.Join(namesOf(t, app), " "); got != c.want {
				t.Errorf("names %q, want %q", got, c.want)
			}
		})
	}
}

func TestLongerNamesAreAskedFor(t *testing.T) {
	type urls struct {
		dig.In
		Theirs *url.URL `name:"urlURL"`
		Mine   any      `name:"containerTestURL"`
	}
	app := newApp()
	mine, theirs := &URL{}, &url.URL{Host: "theirs"}
	app.RegisterInstance(mine)
	app.RegisterInstance(theirs)
	app.Register(func(in urls) *person {
		if in.Theirs != theirs || in.Mine != any(mine) {
			t.Errorf("injected %v", in)
		}
		return &person{}
	}, container.DependsOn("urlURL", "containerTestURL"))
	start(t, app)
	if got := container.Must(container.Get[*url.URL](app, "urlURL")); got != theirs {
		t.Errorf("got %v", got)
	}
}

func TestTwoBeansOfOneTypeStillNeedNames(t *testing.T) {
	app := newApp()
	app.Register(func() *URL { return &URL{} })
	app.Register(func() *URL { return &URL{} })
	app.RegisterInstance(&url.URL{})
	only(t, startFails(t, app), container.CodeDuplicate)
}

func TestNamesMayHoldAnyCharacter(t *testing.T) {
	for _, name := range []string{"`", "a`b", `"`, "a b", "ä/ö", "a\nb", "\x00", "[*]", "#2"} {
		app := newApp()
		app.RegisterInstance(&person{"one"}, container.Named(name))
		app.Register(func() *person { return &person{"two"} }, container.Named("other"))
		app.Register(func(all map[string]*person) *house {
			if all[name] == nil || all[name].name != "one" {
				t.Errorf("%q: injected %v", name, all)
			}
			return &house{}
		}, container.DependsOn(name))
		start(t, app)
		if p, err := container.Get[*person](app, name); err != nil || p.name != "one" {
			t.Errorf("%q: got %v, %v", name, p, err)
		}
	}
}
