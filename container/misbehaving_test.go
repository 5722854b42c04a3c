// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"reflect"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// liar is an error that says that it is any other.
type liar struct{}

func (liar) Error() string { return "lies" }
func (liar) Is(error) bool { return true }

func TestAnErrorThatIsEveryOtherIsTheUsers(t *testing.T) {
	for hook, called := range map[string][]string{
		"Start": {"PostConstruct bean", "Start bean", "PreDestroy bean"},
		"Stop":  {"PostConstruct bean", "Start bean", "Stop bean", "PreDestroy bean"},
	} {
		j := &journal{}
		app := newApp()
		app.RegisterInstance(&recorder{"bean", j, map[string]error{hook: liar{}}})
		err := app.Start(t.Context())
		if err == nil {
			err = app.Stop(context.Background())
		}
		require.ErrorContains(t, err, hook+" of recorder failed after")
		j.equals(t, called...)
	}
	app := newApp()
	app.AddValidator(func(*config.Config) error { return liar{} })
	require.NotContains(t, app.Validate().Error(), "did not return")
}

// nested is a bean with an application of its own.
type nested struct {
	app     *container.ApplicationContext
	journal *journal
}

func (n *nested) Start(ctx context.Context) error  { return n.app.Start(ctx) }
func (n *nested) Stop(ctx context.Context) error   { return n.app.Stop(ctx) }
func (n *nested) PreDestroy(context.Context) error { n.journal.add("PreDestroy"); return nil }

func TestAHookThatHangsInANestedApplicationDoesNotHangInTheOuterOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		inner := newApp(container.WithStopTimeout(time.Second))
		inner.RegisterInstance(&hooked{stop: func(context.Context) error { <-release; return nil }})
		j := &journal{}
		app := newApp()
		app.RegisterInstance(&nested{inner, j})
		require.NoError(t, app.Start(t.Context()))
		require.ErrorContains(t, app.Stop(context.Background()), "Stop of nested failed after 1.1s: DI007 Stop of hooked did not return")
		j.equals(t, "PreDestroy")
	})
}

func TestUserCodeThatEndsItsGoroutineFailsTheStartAtOnce(t *testing.T) {
	for name, register := range map[string]func(app *container.ApplicationContext){
		"Processes": func(app *container.ApplicationContext) {
			app.RegisterPostProcessor(&selective{func() { runtime.Goexit() }})
		},
		"Customize": func(app *container.ApplicationContext) {
			app.Register(newFrench, container.Customize(func(*french) error { runtime.Goexit(); return nil }))
		},
		"Phase":                 func(app *container.ApplicationContext) { app.RegisterInstance(exitingPhase{}) },
		"SetApplicationContext": func(app *container.ApplicationContext) { app.RegisterInstance(exitingAware{}) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := newApp()
				app.Register(newEnglish)
				register(app)
				begun := time.Now()
				require.ErrorContains(t, app.Start(t.Context()), "runtime.Goexit")
				require.Zero(t, time.Since(begun))
			})
		})
	}
}

type (
	exitingPhase struct{}
	exitingAware struct{}
	selective    struct{ processes func() }
)

func (exitingPhase) Phase() int                                          { runtime.Goexit(); return 1 }
func (exitingPhase) Start(context.Context) error                         { return nil }
func (exitingAware) SetApplicationContext(*container.ApplicationContext) { runtime.Goexit() }
func (s *selective) Processes(reflect.Type) bool                         { s.processes(); return true }
func (s *selective) BeforeInit(bean any, _ string) (any, error)          { return bean, nil }
func (s *selective) AfterInit(bean any, _ string) (any, error)           { return bean, nil }
