// SPDX-License-Identifier: Apache-2.0

package containertest

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/internal/goroutines"
)

// New starts an application context of the given modules and returns it, with
// the settings that [container.NewApplicationContext] finds. Start gets
// t.Context(); a context that does not start ends the test with the report.
//
// When the test ends, the context is stopped. The test fails if that returns an
// error, or if goroutines are left that constructors or hooks of beans have
// started; those of other tests do not matter, so tests may be parallel.
func New(t testing.TB, modules ...container.Module) *container.ApplicationContext {
	t.Helper()
	return NewWith(t, nil, modules...)
}

// NewWith is [New] with options, [container.WithConfig] for example. They win
// over what New does.
func NewWith(t testing.TB, opts []container.Option, modules ...container.Module) *container.ApplicationContext {
	t.Helper()
	app := newContext(t, opts, modules)
	t.Cleanup(func() { stop(t, app) })
	if err := app.Start(t.Context()); err != nil {
		t.Fatalf("%v", err)
	}
	return app
}

// Validate checks a whole application without running a constructor: every
// parameter can be injected, every setting and declaration is right. All that
// is wrong fails the test in one report. See also
// [container.ApplicationContext.Validate].
func Validate(t testing.TB, modules ...container.Module) {
	t.Helper()
	if err := newContext(t, nil, modules).Validate(); err != nil {
		t.Errorf("%v", err)
	}
}

// Register is a module of one bean.
func Register(constructor any, opts ...container.BeanOption) container.Module {
	return container.Module{Name: "test", Configure: func(app *container.ApplicationContext) {
		app.Register(constructor, opts...)
	}}
}

// Override is a module that replaces the bean of the same type and name, as
// [container.ApplicationContext.Override] does.
func Override(constructor any, opts ...container.BeanOption) container.Module {
	return container.Module{Name: "test", Configure: func(app *container.ApplicationContext) {
		app.Override(constructor, opts...)
	}}
}

func newContext(t testing.TB, opts []container.Option, modules []container.Module) *container.ApplicationContext {
	t.Helper()
	logger, end := newLogger(t)
	t.Cleanup(end)
	app := container.NewApplicationContext(append([]container.Option{container.WithLogger(logger)}, opts...)...)
	app.Install(modules...)
	return app
}

func stop(t testing.TB, app *container.ApplicationContext) {
	t.Helper()
	// The test's context is over by now; hooks have limits of their own.
	if err := app.Stop(context.WithoutCancel(t.Context())); err != nil {
		t.Errorf("the application context did not stop cleanly: %v", err)
	}
	for _, stack := range leftBehind(app) {
		t.Errorf("a goroutine that a bean has started is still there; it stands at\n  %s", strings.Join(stack, "\n  "))
	}
}

// leftBehind returns the goroutines of the context that do not end within a
// moment.
func leftBehind(app *container.ApplicationContext) (stacks [][]string) {
	for patience := time.Millisecond; patience < time.Second; patience *= 2 {
		stacks = goroutines.Find(isContainers, goroutines.Context, goroutines.ID(app))
		if len(stacks) == 0 {
			return nil
		}
		time.Sleep(patience) // there is nothing to wait on: nobody but the bean knows the goroutine
	}
	return stacks
}

func isContainers(function string) bool {
	return strings.HasPrefix(function, "github.com/pyfly-go/pyfly/container.")
}
