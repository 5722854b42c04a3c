// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

// names returns the names of an application's beans, sorted.
func names(app *container.ApplicationContext) string {
	var names []string
	for _, b := range app.Beans() {
		names = append(names, b.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

func TestProfileExpressions(t *testing.T) {
	cases := []struct {
		expression string
		active     []string
		want       bool
	}{
		{"prod", []string{"prod"}, true},
		{"prod", []string{"production"}, false},
		{"prod", nil, false},
		{"!prod", nil, true},
		{"!!prod", nil, false},
		{"! ! !prod", nil, true},
		{"prod & !eu", []string{"prod"}, true},
		{"prod & !eu", []string{"prod", "eu"}, false},
		{"a | b & c", []string{"a"}, true},
		{"a | b & c", []string{"b"}, false},
		{"(a | b) & c", []string{"a"}, false},
		{"(a|b)&c", []string{"b", "c"}, true},
		{"!(a | b)", []string{"b"}, false},
		{"eu-west.1 & x_y", []string{"x_y", "eu-west.1"}, true},
	}
	for _, c := range cases {
		app := newApp(container.WithProfiles(c.active...))
		app.Register(newEnglish, container.Profile(c.expression))
		if got := names(app) == "english"; got != c.want {
			t.Errorf("%q with %q is %t", c.expression, c.active, got)
		}
	}
}

func TestProfilesOfTheSettingsCount(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("PYFLY_PROFILES_ACTIVE", "prod")
	app := container.NewApplicationContext(container.WithLogger(newApp().Logger()))
	app.Register(newEnglish, container.Profile("prod"))
	if got := names(app); got != "english" {
		t.Errorf("beans %q", got)
	}
}

func TestWrongProfileExpressionsAreReported(t *testing.T) {
	for expression, want := range map[string]string{
		"": "name is missing", "a &": "name is missing", "a b": `unexpected "b"`, "(a": "a ) is missing", "a)": `unexpected ")"`,
		"&": "name is missing", strings.Repeat("(", 1000): "too many parentheses",
	} {
		app := newApp()
		app.Register(newEnglish, container.Profile(expression))
		p := only(t, startFails(t, app), container.CodeRegistration)
		if p.Bean != "english" || !strings.Contains(p.What, want) {
			t.Errorf("%.10q: %v, want %s", expression, p, want)
		}
	}
}

func FuzzProfile(f *testing.F) {
	for _, seed := range []string{"prod & !eu", "(a|b)&!(c)", "!!a", "(((", "a & | b", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		exists := func(expression string) (bool, bool) {
			app := newApp(container.WithProfiles("a", "prod"))
			app.Register(newEnglish, container.Profile(expression))
			return names(app) == "english", app.Validate() == nil
		}
		holds, isRight := exists(expression)
		negated, isStillRight := exists("!(" + expression + ")")
		if isRight && isStillRight && holds == negated {
			t.Errorf("%q and its negation are both %t", expression, holds)
		}
	})
}

func TestOnProperty(t *testing.T) {
	cfg := config.New(map[string]any{"on": true, "off": "false", "mode": "Fast", "count": 3, "group.key": "x", "from": "${mode}"})
	cases := []struct {
		key, value string
		want       bool
	}{
		{"on", "true", true}, {"on", "TRUE", true}, {"on", "", true}, {"on", "yes", false},
		{"off", "", false}, {"off", "false", true}, {"mode", "fast", true}, {"mode", "", true}, {"count", "3", true},
		{"missing", "", false}, {"missing", "true", false}, {"from", "fast", true}, {"group.key", "x", true},
	}
	for _, c := range cases {
		app := newApp(container.WithConfig(cfg))
		app.Register(newEnglish, container.OnProperty(c.key, c.value))
		if got := names(app) == "english"; got != c.want {
			t.Errorf("%s = %q: %t", c.key, c.value, got)
		}
	}
}

func TestOnPropertyReadsValuesAsAllOthersDo(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("PYFLY_VARIABLE", "Off")
	writeFile(t, "pyfly.yaml", `
off: off
no: no
False: False
quoted: "off"
yes: yes
octal: 0123
hex: 0x10
version: 1.10
many: 1_000
list: [a, b]
group: {a: 1}
none: []
secret.password: sesame
`)
	cfg, err := config.Load()
	require.NoError(t, err)
	for _, c := range []struct {
		key, value string
		want       bool
	}{
		{"off", "", false}, {"no", "", false}, {"false", "", false}, {"quoted", "", false}, {"yes", "", true}, {"pyfly.variable", "", false},
		{"off", "false", true}, {"no", "False", true}, {"pyfly.variable", "false", true}, {"yes", "true", true}, {"yes", "on", false},
		{"off", "off", true}, {"yes", "YES", true}, {"off", "true", false},
		{"octal", "0123", true}, {"octal", "123", true}, {"octal", "83", false}, {"hex", "16", true}, {"hex", "0x10", true},
		{"version", "1.10", true}, {"version", "1.1", true}, {"version", "1.100", true}, {"version", "1.11", false}, {"many", "1000", true},
		{"list", "", true}, {"list", "[a b]", true}, {"group", "", true}, {"secret.password", "sesame", true}, {"yes", "${yes}", false},
	} {
		app := newApp(container.WithConfig(cfg))
		app.Register(newEnglish, container.OnProperty(c.key, c.value))
		require.Equal(t, c.want, names(app) == "english", "%s = %q", c.key, c.value)
	}
	app := newApp(container.WithConfig(cfg))
	app.Register(newEnglish, container.OnProperty("secret.password", "other"))
	app.Register(func(*english) *french { return &french{} })
	report := startFails(t, app)
	require.NotContains(t, report.Error(), "sesame")
}

func TestAPropertyThatCannotBeReadIsReported(t *testing.T) {
	app := newApp(container.WithConfig(config.New(map[string]any{"mode": "${nowhere}"})))
	app.Register(newEnglish, container.OnProperty("mode", "fast"))
	if p := only(t, startFails(t, app), container.CodeConfig); !errors.Is(p, kernel.ErrConfig) || !strings.Contains(p.What, "nowhere") {
		t.Errorf("problem %v", p)
	}
}

func TestConditionsOnBeans(t *testing.T) {
	module := func(name string, register ...func(app *container.ApplicationContext)) container.Module {
		return container.Module{Name: name, Configure: func(app *container.ApplicationContext) {
			for _, fn := range register {
				fn(app)
			}
		}}
	}
	bean := func(name string, opts ...container.BeanOption) func(*container.ApplicationContext) {
		return func(app *container.ApplicationContext) {
			app.Register(newEnglish, append(opts, container.Named(name))...)
		}
	}
	missing, present := container.OnMissingBean[greeter](), container.OnBean[greeter]()
	cases := map[string]struct {
		register []func(*container.ApplicationContext)
		want     string
	}{
		"a default that is needed": {[]func(*container.ApplicationContext){bean("default", missing)}, "default"},
		"the user's bean first": {[]func(*container.ApplicationContext){bean("own"),
			func(app *container.ApplicationContext) { app.Install(module("lib", bean("default", missing))) }}, "own"},
		"the user's bean last": {[]func(*container.ApplicationContext){
			func(app *container.ApplicationContext) { app.Install(module("lib", bean("default", missing))) }, bean("own")}, "own"},
		"the first of two defaults": {[]func(*container.ApplicationContext){bean("a", missing), bean("b", missing)}, "a"},
		"the less nested of two": {[]func(*container.ApplicationContext){func(app *container.ApplicationContext) {
			app.Install(module("outer", func(app *container.ApplicationContext) { app.Install(module("inner", bean("inner", missing))) }, bean("outer", missing)))
		}}, "outer"},
		"nothing to go with":           {[]func(*container.ApplicationContext){bean("b", present)}, ""},
		"one that is registered later": {[]func(*container.ApplicationContext){bean("b", present), bean("a")}, "a b"},
		"one decided before":           {[]func(*container.ApplicationContext){bean("a", missing), bean("b", present)}, "a b"},
		"one decided after":            {[]func(*container.ApplicationContext){bean("b", present), bean("a", missing)}, "a"},
		"all conditions must hold":     {[]func(*container.ApplicationContext){bean("a", missing, container.Profile("prod"))}, ""},
		"a bean whose own profile is off is missing": {[]func(*container.ApplicationContext){
			bean("a", container.Profile("prod")), bean("b", missing)}, "b"},
		"an override drops the conditions": {[]func(*container.ApplicationContext){bean("a", container.Profile("prod")),
			func(app *container.ApplicationContext) { app.Override(newEnglish) }}, "a"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			for _, fn := range c.register {
				fn(app)
			}
			if got := names(app); got != c.want {
				t.Errorf("beans %q, want %q", got, c.want)
			}
			if err := app.Validate(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWhatTheContextOffersCountsAsMissing(t *testing.T) {
	app := newApp()
	app.RegisterInstance(config.New(map[string]any{"whose": "mine"}), container.OnMissingBean[*config.Config]())
	app.Register(func(cfg *config.Config) *person { return &person{name: cfg.String("whose", "")} })
	start(t, app)
	if p := container.Must(container.Get[*person](app)); p.name != "mine" {
		t.Errorf("got the configuration of %q", p.name)
	}
}

func TestGetSaysWhichConditionKeptABeanOut(t *testing.T) {
	app := newApp()
	app.Register(newEnglish, container.Profile("prod"))
	start(t, app)
	want := `was kept out by Profile("prod"): active profiles: none`
	if _, err := container.Get[greeter](app); !errors.Is(err, kernel.ErrNoSuchBean) || !strings.Contains(err.Error(), want) {
		t.Errorf("by type: %v", err)
	}
	if _, err := container.Get[greeter](app, "english"); !errors.Is(err, kernel.ErrNoSuchBean) || !strings.Contains(err.Error(), want) {
		t.Errorf("by name: %v", err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
