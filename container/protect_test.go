// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

type panickingAware struct{}

func (*panickingAware) SetApplicationContext(*container.ApplicationContext) { panic("not aware") }

func TestPanicsOfUsersFunctionsAreReported(t *testing.T) {
	for name, register := range map[string]func(app *container.ApplicationContext){
		"a validator": func(app *container.ApplicationContext) {
			app.AddValidator(func(*config.Config) error { panic("not valid") })
		},
		"ContextAware": func(app *container.ApplicationContext) {
			app.Register(func() *panickingAware { return &panickingAware{} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			register(app)
			report := startFails(t, app)
			var panicked *kernel.PanicError
			if !errors.As(report, &panicked) || !strings.Contains(report.Error(), "not ") {
				t.Error(report)
			}
		})
	}
}

func TestNilsAreIgnored(t *testing.T) {
	app := newApp(nil)
	app.AddValidator(nil)
	app.Install(container.Module{})
	app.Register(newEnglish, nil)
	start(t, app)
}

// panickingHandler is a handler of the user's each method of which panics, once it
// is told to.
type panickingHandler struct{ isBad *atomic.Bool }

func (h panickingHandler) panic() {
	if h.isBad.Load() {
		panic("no ink")
	}
}

func (h panickingHandler) Enabled(context.Context, slog.Level) bool  { h.panic(); return true }
func (h panickingHandler) Handle(context.Context, slog.Record) error { h.panic(); return nil }
func (h panickingHandler) WithAttrs([]slog.Attr) slog.Handler        { h.panic(); return h }
func (h panickingHandler) WithGroup(string) slog.Handler             { h.panic(); return h }

func TestALoggerThatPanicsEndsNothing(t *testing.T) {
	isBad := &atomic.Bool{}
	j := &journal{}
	app := newApp(container.WithLogger(slog.New(panickingHandler{isBad})))
	isBad.Store(true)
	lifecycle.Subscribe(app.Events(), func(lifecycle.ContextClosed) { panic("subscriber") })
	app.RegisterInstance(&recorder{"bean", j, nil})
	app.RegisterInstance(&job{run: fails(errors.New("boom")), stop: fails(errors.New("boom"))})
	app.Register(newEnglish)
	app.Register(func(*english) *countingProcessor { return &countingProcessor{journal: &journal{}} })
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	lifecycle.Subscribe(app.Events(), func(int) { panic("subscriber") })
	lifecycle.Publish(app.Events(), 1)
	if err := app.Stop(context.Background()); err == nil || strings.Contains(err.Error(), "no ink") {
		t.Errorf("Stop returned %v", err)
	}
	j.equals(t, "PostConstruct bean", "Start bean", "Stop bean", "PreDestroy bean")
}
