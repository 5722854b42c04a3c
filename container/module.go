// SPDX-License-Identifier: Apache-2.0

package container

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// Module is a named group of registrations. What it registers is shown with its
// name in reports and by Beans. Its Configure may install further modules.
//
// A library's module registers what the user may replace with [OnMissingBean],
// so that a bean of the user's own wins without more ado; and no harm is done
// when two modules install it.
type Module struct {
	Name string
	// Configure registers the module's beans. It is called by Install.
	Configure func(app *ApplicationContext)
}

// moduleScope is a module that has been installed, or is being. nil is the
// application itself.
type moduleScope struct {
	name   string
	parent *moduleScope
}

// path is the module's name with those it is nested in: "shop/client".
func (m *moduleScope) path() string {
	if m == nil {
		return ""
	}
	if m.parent == nil {
		return m.name
	}
	return m.parent.path() + "/" + m.name
}

func (m *moduleScope) depth() int {
	if m == nil {
		return 0
	}
	return 1 + m.parent.depth()
}

// isWithin reports whether m is the module of that name or is nested in it.
func (m *moduleScope) isWithin(name string) bool {
	return m != nil && (m.name == name || m.parent.isWithin(name))
}

// moduleOverride is what OverrideModule was told.
type moduleOverride struct {
	module Module
	at     callers
	used   bool
}

// Install adds the registrations of modules.
func (app *ApplicationContext) Install(modules ...Module) {
	at := callerStack()
	for _, m := range modules {
		app.install(m, app.module, at)
	}
}

// OverrideModule replaces, each as a whole, the modules of the same names: the
// way a test swaps a part of the application. It may come before or after the
// installation, of however deeply nested a module; that there is nothing to
// replace is a mistake that Start reports.
func (app *ApplicationContext) OverrideModule(modules ...Module) {
	at := callerStack()
	for _, m := range modules {
		override := &moduleOverride{module: m, at: at}
		app.moduleOverrides = append(app.moduleOverrides, override)
		for _, parent := range app.uninstall(m.Name) {
			override.used = true
			app.configure(m, parent, at)
		}
	}
}

func (app *ApplicationContext) install(m Module, parent *moduleScope, at callers) {
	for _, override := range app.moduleOverrides {
		if override.module.Name == m.Name { // the last wins
			override.used = true
			m = override.module
		}
	}
	app.configure(m, parent, at)
}

func (app *ApplicationContext) configure(m Module, parent *moduleScope, at callers) {
	if m.Configure == nil {
		return
	}
	if parent.isWithin(m.Name) && m.Name != "" {
		app.reportModule(m.Name, at, errors.New("it installs itself"))
		return
	}
	outer := app.module
	app.module = &moduleScope{name: m.Name, parent: parent}
	app.installed = append(app.installed, app.module)
	err := usercode.Call(func() error { m.Configure(app); return nil })
	app.module = outer
	if err != nil {
		app.reportModule(m.Name, at, err)
	}
}

func (app *ApplicationContext) reportModule(name string, at callers, err error) {
	p := &Problem{
		Code: CodeRegistration, Err: err,
		What: fmt.Sprintf("the module %q cannot be installed: %v", name, err),
	}
	app.problems = append(app.problems, p.detail("installed", at.location().String()))
}

// uninstall removes all that the modules of a name, and those nested in them,
// have registered. It returns what they were nested in.
func (app *ApplicationContext) uninstall(name string) (parents []*moduleScope) {
	for _, m := range app.installed {
		if m.name == name && !m.parent.isWithin(name) {
			parents = append(parents, m.parent)
		}
	}
	within := func(m *moduleScope) bool { return m.isWithin(name) }
	app.installed = slices.DeleteFunc(app.installed, within)
	app.definitions = slices.DeleteFunc(app.definitions, func(d *definition) bool { return within(d.module) })
	app.overrides = slices.DeleteFunc(app.overrides, func(d *definition) bool { return within(d.module) })
	app.validators = slices.DeleteFunc(app.validators, func(v validator) bool { return within(v.module) })
	return parents
}

// unusedModuleOverrides reports overrides that found nothing to replace.
func (app *ApplicationContext) unusedModuleOverrides() (problems []*Problem) {
	for _, override := range app.moduleOverrides {
		if override.used {
			continue
		}
		p := &Problem{
			Code: CodeRegistration, What: fmt.Sprintf("an OverrideModule of %q replaces nothing", override.module.Name),
			Remedy: "use the name of an installed module",
		}
		for _, m := range app.installed {
			p.detail("installed", m.path())
		}
		problems = append(problems, p.detail("registered", override.at.location().String()))
	}
	return problems
}
