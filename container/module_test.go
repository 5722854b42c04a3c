// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func moduleOf(name string, configure func(app *container.ApplicationContext)) container.Module {
	return container.Module{Name: name, Configure: configure}
}

// shop nests greetings, which has a validator that fails.
func shop() container.Module {
	return moduleOf("shop", func(app *container.ApplicationContext) {
		app.Install(greetings())
		app.Register(func(greeter) *person { return &person{} })
	})
}

func greetings() container.Module {
	return moduleOf("greetings", func(app *container.ApplicationContext) {
		app.Register(newFrench)
		app.AddValidator(func(*config.Config) error { return errors.New("no French today") })
	})
}

func englishOnly() container.Module {
	return moduleOf("greetings", func(app *container.ApplicationContext) { app.Register(newEnglish) })
}

func TestBeansSayWhichModuleTheyCameFrom(t *testing.T) {
	app := newApp()
	app.Install(shop())
	app.Register(newCarWithHook)
	got := map[string]string{}
	for _, b := range app.Beans() {
		got[b.Name] = b.Module
	}
	for name, want := range map[string]string{"french": "shop/greetings", "person": "shop", "car": ""} {
		if module, ok := got[name]; !ok || module != want {
			t.Errorf("%s is of module %q, want %q", name, module, want)
		}
	}
}

func TestAModuleIsOverriddenAsAWhole(t *testing.T) {
	cases := map[string]func(app *container.ApplicationContext){
		"after it is installed":  func(app *container.ApplicationContext) { app.Install(shop()); app.OverrideModule(englishOnly()) },
		"before it is installed": func(app *container.ApplicationContext) { app.OverrideModule(englishOnly()); app.Install(shop()) },
		"twice, the last wins": func(app *container.ApplicationContext) {
			app.OverrideModule(moduleOf("greetings", func(*container.ApplicationContext) {}))
			app.OverrideModule(englishOnly())
			app.Install(shop())
		},
	}
	for name, install := range cases {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			install(app)
			start(t, app)
			if got := names(app); got != "english person" {
				t.Errorf("beans %q", got)
			}
			for _, b := range app.Beans() {
				if b.Name == "english" && b.Module != "shop/greetings" {
					t.Errorf("english is of module %q", b.Module)
				}
			}
		})
	}
}

func TestAnOverrideOfNoModuleIsReported(t *testing.T) {
	app := newApp()
	app.Install(moduleOf("shop", func(*container.ApplicationContext) {}))
	app.OverrideModule(moduleOf("shopp", func(*container.ApplicationContext) {}))
	p := only(t, startFails(t, app), container.CodeRegistration)
	if !strings.Contains(p.What, `"shopp" replaces nothing`) || detailOf(p, "installed") != "shop" ||
		!strings.HasPrefix(detailOf(p, "registered"), "container/module_test.go:") {
		t.Errorf("problem %v: %v", p, p.Details)
	}
}

func TestModulesThatCannotBeInstalledAreReported(t *testing.T) {
	var endless container.Module
	endless = moduleOf("endless", func(app *container.ApplicationContext) { app.Install(endless) })
	cases := map[string]container.Module{
		"kaboom":          moduleOf("panicking", func(*container.ApplicationContext) { panic("kaboom") }),
		"installs itself": endless,
	}
	for want, module := range cases {
		app := newApp()
		app.Install(module)
		app.Register(newEnglish)
		p := only(t, startFails(t, app), container.CodeRegistration)
		if !strings.Contains(p.What, want) || !strings.HasPrefix(detailOf(p, "installed"), "container/module_test.go:") {
			t.Errorf("problem %v: %v", p, p.Details)
		}
	}
}

func TestADefaultModuleMayBeInstalledTwice(t *testing.T) {
	library := func() container.Module {
		return moduleOf("library", func(app *container.ApplicationContext) {
			app.Register(newEnglish, container.OnMissingBean[greeter]())
		})
	}
	app := newApp()
	app.Install(library(), moduleOf("other", func(app *container.ApplicationContext) { app.Install(library()) }))
	start(t, app)
	if got := names(app); got != "english" {
		t.Errorf("beans %q", got)
	}
}

func TestAnOverrideInAModuleGoesWithIt(t *testing.T) {
	app := newApp()
	app.Register(newCarWithHook)
	app.Install(moduleOf("tests", func(app *container.ApplicationContext) {
		app.Override(func() *car { return nil }) // would fail
	}))
	app.OverrideModule(moduleOf("tests", func(*container.ApplicationContext) {}))
	start(t, app)
}
