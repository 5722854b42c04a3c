// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// One method of each of these errors uses the receiver, which may be nil, and
// does not return.
type (
	badError  struct{ end func() }
	badIs     struct{ end func() }
	badAs     struct{ end func() }
	badUnwrap struct{ end func() }
)

func (e *badError) Error() string  { e.end(); return "" }
func (e *badIs) Error() string     { return "bad" }
func (e *badIs) Is(error) bool     { e.end(); return false }
func (e *badAs) Error() string     { return "bad" }
func (e *badAs) As(any) bool       { e.end(); return false }
func (e *badUnwrap) Error() string { return "bad" }
func (e *badUnwrap) Unwrap() error { e.end(); return nil }

// badErrors returns errors by what a text that stands for them says.
func badErrors() map[string]error {
	boom := func() { panic("boom") }
	return map[string]error{
		"*container_test.badError (nil): its Error method panicked: runtime error":   (*badError)(nil),
		"*container_test.badIs (nil): its Is method panicked: runtime error":         (*badIs)(nil),
		"*container_test.badAs (nil): its As method panicked: runtime error":         (*badAs)(nil),
		"*container_test.badUnwrap (nil): its Unwrap method panicked: runtime error": (*badUnwrap)(nil),
		"*container_test.badError: its Error method panicked: boom":                  &badError{boom},
		"*container_test.badIs: its Is method panicked: boom":                        &badIs{boom},
		"*container_test.badAs: its As method panicked: boom":                        &badAs{boom},
		"*container_test.badUnwrap: its Unwrap method panicked: boom":                &badUnwrap{boom},
		"*container_test.badError: its Error method called runtime.Goexit":           &badError{runtime.Goexit},
		"*container_test.badIs: its Is method called runtime.Goexit":                 &badIs{runtime.Goexit},
		"*container_test.badAs: its As method called runtime.Goexit":                 &badAs{runtime.Goexit},
		"*container_test.badUnwrap: its Unwrap method called runtime.Goexit":         &badUnwrap{runtime.Goexit},
		// The context looks for these in errors.
		"*container.Problem (nil): its Error method panicked":      (*container.Problem)(nil),
		"*container.StartupError (nil): its Error method panicked": (*container.StartupError)(nil),
		"*config.Error (nil): its Error method panicked":           (*config.Error)(nil),
		"*kernel.PanicError (nil): its Error method panicked":      (*kernel.PanicError)(nil),
	}
}

// eachBadError runs a test for each bad error, alone and inside of others.
func eachBadError(t *testing.T, test func(t *testing.T, err error, text string)) {
	for text, err := range badErrors() {
		t.Run(text, func(t *testing.T) { test(t, err, text) })
		t.Run("joined/"+text, func(t *testing.T) { test(t, errors.Join(io.EOF, err), text) })
		t.Run("wrapped/"+text, func(t *testing.T) { test(t, &wrapping{err}, text) })
	}
}

// wrapping is an error that wraps another one.
type wrapping struct{ inner error }

func (w *wrapping) Error() string { return "outer: " + w.inner.Error() }
func (w *wrapping) Unwrap() error { return w.inner }

// checkBad checks what the context has made of a bad error.
func checkBad(t *testing.T, err, cause error, text string) {
	t.Helper()
	if err == nil {
		t.Fatal("there is no error")
	}
	if whole := wholeText(err); !strings.Contains(whole, text) {
		t.Errorf("error %s\nwant it to contain %q", whole, text)
	}
	if !errors.Is(err, kernel.ErrBeanCreation) && !errors.Is(err, kernel.ErrConfig) {
		t.Error("errors.Is finds neither kernel.ErrBeanCreation nor kernel.ErrConfig")
	}
	if errors.Is(err, kernel.ErrNoSuchBean) {
		t.Error("errors.Is finds kernel.ErrNoSuchBean")
	}
	for _, inner := range causes(cause) {
		if !errors.Is(err, inner) {
			t.Errorf("errors.Is does not find %T", inner)
		}
	}
	if _, err := json.Marshal(err); err != nil {
		t.Error(err)
	}
}

// wholeText is the text of an error, and those of the causes of a report, which
// shows but the first line of some.
func wholeText(err error) string {
	text := err.Error()
	if report, ok := err.(*container.StartupError); ok {
		for _, p := range report.Problems {
			text += "\n" + p.Err.Error()
		}
	}
	return text
}

// causes returns what a test has put into an error.
func causes(err error) []error {
	switch err := err.(type) {
	case *wrapping:
		return []error{err.inner}
	case interface{ Unwrap() []error }:
		if reflect.ValueOf(err).IsNil() {
			break
		}
		return err.Unwrap()
	}
	return []error{err}
}

// newStrictApp makes a context that logs by a handler that calls the methods of
// errors and does not recover from panics.
func newStrictApp() (*container.ApplicationContext, *journal) {
	texts := &journal{}
	return newApp(container.WithLogger(slog.New(strictHandler{texts}))), texts
}

type strictHandler struct{ texts *journal }

func (h strictHandler) Enabled(context.Context, slog.Level) bool { return true }
func (h strictHandler) WithAttrs([]slog.Attr) slog.Handler       { return h }
func (h strictHandler) WithGroup(string) slog.Handler            { return h }
func (h strictHandler) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(a slog.Attr) bool {
		if err, ok := a.Value.Any().(error); ok {
			h.texts.add(err.Error())
			_ = errors.Is(err, context.Canceled)
		}
		return true
	})
	return nil
}

func (j *journal) contains(text string) bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.ContainsFunc(j.entries, func(entry string) bool { return strings.Contains(entry, text) })
}

// badProcessor is a post-processor the methods of which return errors.
type badProcessor struct{ before, after, destroy error }

func (p *badProcessor) BeforeInit(bean any, _ string) (any, error) { return bean, p.before }
func (p *badProcessor) AfterInit(bean any, _ string) (any, error)  { return bean, p.after }
func (p *badProcessor) BeforeDestroy(any, string) error            { return p.destroy }

// badSelector panics when it is asked which types it is meant for.
type badSelector struct {
	badProcessor
	value error
}

func (s *badSelector) Processes(reflect.Type) bool { panic(s.value) }

// badHooks is a bean the hooks of which return errors.
type badHooks struct{ postConstruct, start, stop, preDestroy error }

func (h *badHooks) PostConstruct(context.Context) error { return h.postConstruct }
func (h *badHooks) Start(context.Context) error         { return h.start }
func (h *badHooks) Stop(context.Context) error          { return h.stop }
func (h *badHooks) PreDestroy(context.Context) error    { return h.preDestroy }

// badPhase and badAware panic.
type (
	badPhase struct{ value error }
	badAware struct{ value error }
)

func (p *badPhase) Phase() int                                          { panic(p.value) }
func (a *badAware) SetApplicationContext(*container.ApplicationContext) { panic(a.value) }

func TestBadErrorsFailTheStart(t *testing.T) {
	for place, register := range map[string]func(app *container.ApplicationContext, err error){
		"constructor": func(app *container.ApplicationContext, err error) {
			app.Register(func() (*person, error) { return nil, err })
		},
		"constructor that panics": func(app *container.ApplicationContext, err error) {
			app.Register(func() *person { panic(err) })
		},
		"constructor of a prototype": func(app *container.ApplicationContext, err error) {
			app.Register(func() (*person, error) { return nil, err }, container.Prototype())
			app.Register(func(*person) *probe { return &probe{} })
		},
		"SetApplicationContext": func(app *container.ApplicationContext, err error) { app.RegisterInstance(&badAware{err}) },
		"Customize": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&person{}, container.Customize(func(*person) error { return err }))
		},
		"Processes": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&person{})
			app.RegisterPostProcessor(&badSelector{value: err})
		},
		"BeforeInit": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&person{})
			app.RegisterPostProcessor(&badProcessor{before: err})
		},
		"AfterInit": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&person{})
			app.RegisterPostProcessor(&badProcessor{after: err})
		},
		"PostConstruct": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&badHooks{postConstruct: err})
		},
		"Phase": func(app *container.ApplicationContext, err error) { app.RegisterInstance(&badPhase{err}) },
		"Start": func(app *container.ApplicationContext, err error) { app.RegisterInstance(&badHooks{start: err}) },
		"Start that panics": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&hooked{start: func(context.Context) error { panic(err) }})
		},
		"OnStart": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&person{}, container.OnStart(func(context.Context, *person) error { return err }))
		},
		"start and roll back": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&badHooks{start: err, stop: err, preDestroy: err})
		},
		"Configure": func(app *container.ApplicationContext, err error) {
			app.Install(container.Module{Name: "shop", Configure: func(*container.ApplicationContext) { panic(err) }})
		},
		"validator": func(app *container.ApplicationContext, err error) {
			app.AddValidator(func(*config.Config) error { return err })
		},
		"validator that panics": func(app *container.ApplicationContext, err error) {
			app.AddValidator(func(*config.Config) error { panic(err) })
		},
		"problem of a validator": func(app *container.ApplicationContext, err error) {
			app.AddValidator(func(*config.Config) error {
				return &container.Problem{Code: container.CodeDeclaration, What: "wrong", Err: err}
			})
		},
	} {
		t.Run(place, func(t *testing.T) {
			eachBadError(t, func(t *testing.T, cause error, text string) {
				app, _ := newStrictApp()
				register(app, cause)
				checkBad(t, startFails(t, app), cause, text)
			})
		})
	}
}

func TestBadErrorsOfStopAreReturned(t *testing.T) {
	for place, register := range map[string]func(app *container.ApplicationContext, err error){
		"Stop":       func(app *container.ApplicationContext, err error) { app.RegisterInstance(&badHooks{stop: err}) },
		"PreDestroy": func(app *container.ApplicationContext, err error) { app.RegisterInstance(&badHooks{preDestroy: err}) },
		"OnStop": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&person{}, container.OnStop(func(context.Context, *person) error { return err }))
		},
		"cleanup": func(app *container.ApplicationContext, err error) {
			app.Register(func() (*person, func() error) { return &person{}, func() error { return err } })
		},
		"BeforeDestroy": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&person{})
			app.RegisterPostProcessor(&badProcessor{destroy: err})
		},
		"Run": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&job{run: func(context.Context) error { return err }})
		},
		"Run that panics": func(app *container.ApplicationContext, err error) {
			app.RegisterInstance(&job{run: func(context.Context) error { panic(err) }})
		},
	} {
		t.Run(place, func(t *testing.T) {
			eachBadError(t, func(t *testing.T, cause error, text string) {
				j := &journal{}
				app, logged := newStrictApp()
				app.RegisterInstance(&recorder{"other", j, nil}, container.Named("other"))
				register(app, cause)
				if err := app.Start(context.Background()); err != nil {
					t.Fatal(err)
				}
				checkBad(t, app.Stop(context.Background()), cause, text)
				if !logged.contains(text) {
					t.Errorf("the log does not contain %q", text)
				}
				j.equals(t, "PostConstruct other", "Start other", "Stop other", "PreDestroy other")
			})
		})
	}
}

func TestBadErrorsOfLazyBeansAreReturned(t *testing.T) {
	eachBadError(t, func(t *testing.T, cause error, text string) {
		app, _ := newStrictApp()
		app.Register(func() (*person, error) { return nil, cause }, container.Lazy())
		app.Register(func() *badHooks { return &badHooks{start: cause, stop: cause} }, container.Lazy())
		start(t, app)
		_, err := container.Get[*person](app)
		checkBad(t, err, cause, text)
		_, err = container.Get[*badHooks](app)
		checkBad(t, err, cause, text)
	})
}

func TestBadErrorsOfSubscribersAreLogged(t *testing.T) {
	eachBadError(t, func(t *testing.T, cause error, text string) {
		app, logged := newStrictApp()
		lifecycle.Subscribe(app.Events(), func(lifecycle.ApplicationReady) { panic(cause) })
		start(t, app)
		if !logged.contains(text) {
			t.Errorf("the log does not contain %q", text)
		}
	})
}

func TestABadCauseOfACancelledStartIsReported(t *testing.T) {
	eachBadError(t, func(t *testing.T, cause error, text string) {
		app, _ := newStrictApp()
		app.RegisterInstance(&person{})
		ctx, cancel := context.WithCancelCause(context.Background())
		cancel(cause)
		err := app.Start(ctx)
		checkBad(t, err, cause, text)
		if !errors.Is(err, context.Canceled) {
			t.Error("errors.Is does not find context.Canceled")
		}
	})
}

// badProperties are settings whose check returns a nil pointer.
type badProperties[E error] struct{ Size int }

func (p *badProperties[E]) Validate() error {
	var none E
	return none
}

func TestBadErrorsOfPropertiesAreReported(t *testing.T) {
	for method, register := range map[string]func(*container.ApplicationContext){
		"Error":  func(app *container.ApplicationContext) { container.Properties[badProperties[*badError]](app, "shop") },
		"Is":     func(app *container.ApplicationContext) { container.Properties[badProperties[*badIs]](app, "shop") },
		"As":     func(app *container.ApplicationContext) { container.Properties[badProperties[*badAs]](app, "shop") },
		"Unwrap": func(app *container.ApplicationContext) { container.Properties[badProperties[*badUnwrap]](app, "shop") },
	} {
		t.Run(method, func(t *testing.T) {
			app, _ := newStrictApp()
			register(app)
			p := only(t, startFails(t, app), container.CodeConfig)
			if !strings.HasPrefix(p.What, "shop: ") || !strings.Contains(p.What, "(nil): its "+method+" method panicked") {
				t.Errorf("problem %q", p.What)
			}
		})
	}
}

// exiting is an error with an exit code.
type exiting struct {
	badIs
	code func() int
}

func (e *exiting) ExitCode() int { return e.code() }

func TestExitCodeOfBadErrors(t *testing.T) {
	for text, err := range badErrors() {
		if code := container.ExitCode(err); code != 1 {
			t.Errorf("%s: exit code %d, want 1", text, code)
		}
	}
	bad := &exiting{badIs{func() { panic("boom") }}, func() int { return 3 }}
	if code := container.ExitCode(bad); code != 3 {
		t.Errorf("exit code %d, want 3", code)
	}
	bad.code = func() int { panic("boom") }
	if code := container.ExitCode(bad); code != 1 {
		t.Errorf("exit code %d, want 1 of an ExitCode that panics", code)
	}
}
