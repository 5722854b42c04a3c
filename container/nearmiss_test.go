// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"text/template"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
)

// URL has the name of a type in another package.
type URL struct{}

type closer interface{ Close() error }

type brokenCloser struct{}

func (*brokenCloser) Close() {}

type valueGreeter struct{}

func (*valueGreeter) Greet() string { return "" }

func TestNearMissesAreNamed(t *testing.T) {
	type unexportedField struct {
		dig.In
		english *english
	}
	type groupField struct {
		dig.In
		All []greeter `group:"greeters,soft"`
	}
	type namedField struct {
		dig.In
		P *person `name:"ada"`
	}
	cases := map[string]struct {
		register func(app *container.ApplicationContext)
		code     container.ProblemCode
		want     string
	}{
		"a value instead of a pointer": {func(app *container.ApplicationContext) {
			app.Register(func(*person) *probe { return nil })
			app.RegisterInstance(person{})
		}, container.CodeMissing, "is not a pointer: take container_test.person"},
		"the same name in another package": {func(app *container.ApplicationContext) {
			app.Register(func(*url.URL) *probe { return nil })
			app.RegisterInstance(&URL{})
		}, container.CodeMissing, "has a similar name in another package"},
		"an interface that only the pointer implements": {func(app *container.ApplicationContext) {
			app.Register(func(greeter) *probe { return nil })
			app.RegisterInstance(valueGreeter{})
		}, container.CodeMissing, "would fit as a pointer: let its constructor return *container_test.valueGreeter"},
		"a method of another signature": {func(app *container.ApplicationContext) {
			app.Register(func(closer) *probe { return nil })
			app.RegisterInstance(&brokenCloser{})
		}, container.CodeMissing, "does not implement container_test.closer"},
		"another name": {func(app *container.ApplicationContext) {
			app.Register(func(namedField) *probe { return nil })
			app.RegisterInstance(&person{}, container.Named("grace"))
		}, container.CodeMissing, "fits but has another name"},
		"a slice of a type that is no bean": {func(app *container.ApplicationContext) {
			app.Register(func([]*template.Template) *probe { return nil })
		}, container.CodeMissing, "no bean of type []*template.Template"},
		"a field that cannot be set": {func(app *container.ApplicationContext) {
			app.Register(newEnglish)
			app.Register(func(in unexportedField) *probe { _ = in.english; return &probe{} })
		}, container.CodeRegistration, "field english of parameter 1 is unexported"},
		"a group with an unknown option": {func(app *container.ApplicationContext) {
			app.Register(func(in groupField) *probe { return &probe{} })
		}, container.CodeRegistration, "asks for the group \"greeters\" with the unknown option \"soft\""},
		"As of an interface that only the pointer implements": {func(app *container.ApplicationContext) {
			app.RegisterInstance(valueGreeter{}, container.As[greeter]())
		}, container.CodeRegistration, "(but *container_test.valueGreeter does)"},
		"a nil hook": {func(app *container.ApplicationContext) {
			app.Register(newEnglish, container.OnStart[*english](nil))
		}, container.CodeRegistration, "OnStart of *container_test.english was given a nil function"},
		"an override of another type": {func(app *container.ApplicationContext) {
			app.Register(newEnglish)
			app.Override(func() greeter { return &french{} })
		}, container.CodeRegistration, "near        english"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			c.register(app)
			report := startFails(t, app)
			only(t, report, c.code)
			if !strings.Contains(report.Error(), c.want) {
				t.Errorf("%v\nwant it to say %q", report, c.want)
			}
		})
	}
}

// These have names similar to the interface's, but not its method.
type (
	greeterA struct{}
	greeterB struct{}
	greeterC struct{}
)

func TestBeansThatAlmostFitComeBeforeThoseWithASimilarName(t *testing.T) {
	app := newApp()
	app.Register(func(greeter) *probe { return nil })
	for _, bean := range []any{&person{}, &greeterA{}, &greeterB{}, &greeterC{}, valueGreeter{}} {
		app.RegisterInstance(bean)
	}
	var near []string
	for _, d := range only(t, startFails(t, app), container.CodeMissing).Details {
		if name, _, _ := strings.Cut(d.Text, " "); d.Label == "near" {
			near = append(near, name)
		}
	}
	if want := []string{"valueGreeter", "greeterA", "greeterB"}; !slices.Equal(near, want) {
		t.Errorf("near misses %q, want %q", near, want)
	}
}
