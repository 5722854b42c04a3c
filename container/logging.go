// SPDX-License-Identifier: Apache-2.0

package container

import (
	"errors"
	"io"
	"log/slog"
	"os"
	"reflect"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/logging"
)

// ownLog is the log of a context that has been given no logger.
type ownLog struct {
	handler *logging.Handler
	out     io.Writer
}

// addLogger chooses the context's logger: the one given, else the program's
// default, if it has set one, else one of package logging.
func (app *ApplicationContext) addLogger() {
	app.validators = append(app.validators, validator{check: checkLogging, isOurs: true})
	switch {
	case app.options.logger != nil:
		app.logger = app.options.logger
	case app.options.logOutput == nil && !isInitial(slog.Default().Handler()):
		app.logger = slog.Default()
	default:
		app.log = newOwnLog(app.options.logOutput, app.config)
		app.logger = slog.New(app.log.handler)
	}
	app.guarded = slog.New(guardedHandler{app.logger.Handler()})
}

// isInitial reports whether a handler is the one that package slog begins with:
// the program has set no other.
func isInitial(handler slog.Handler) bool {
	t := reflect.TypeOf(handler)
	return t == nil || t.Kind() == reflect.Pointer && t.Elem().PkgPath() == "log/slog" && t.Elem().Name() == "defaultHandler"
}

func newOwnLog(out io.Writer, cfg *config.Config) *ownLog {
	if out == nil {
		out = os.Stderr
	}
	handler, err := logging.New(out, cfg)
	if err != nil { // the report of Start tells it
		handler, _ = logging.New(out, config.New(nil))
	}
	return &ownLog{handler, out}
}

// followChanges applies changed levels.
func (app *ApplicationContext) followChanges() {
	if app.log == nil {
		return
	}
	lifecycle.Subscribe(app.events, func(change config.Changed) {
		if err := app.log.handler.Apply(change.Config); err != nil {
			app.guarded.Error("changed logging levels are invalid and are ignored", "error", err)
		}
	})
}

// beginLog prepares the log for a start: levels that files have changed during
// the last one are as the context's configuration has them, as all settings.
func (app *ApplicationContext) beginLog() {
	if app.log != nil && app.log.handler.Apply(app.config) == nil {
		app.log.tellStart(app)
	}
}

// summaryKey is the setting that turns off the records that sum up a start and
// a stop.
const summaryKey = "pyfly.logging.startup-summary"

// sumsUp reports whether starts and stops are summed up.
func (app *ApplicationContext) sumsUp() bool {
	wanted, isSet, err := config.Value[bool](app.config, summaryKey)
	return wanted || !isSet || err != nil
}

// checkLogging checks the settings of logging, whoever logs.
func checkLogging(cfg *config.Config) error {
	_, bannerErr := wantsBanner(cfg)
	_, _, summaryErr := config.Value[bool](cfg, summaryKey)
	return errors.Join(logging.Check(cfg), summaryErr, bannerErr)
}

// withoutEffect are settings that only the context's own logger heeds.
var withoutEffect = []string{"pyfly.logging.level", "pyfly.logging.format", "pyfly.logging.source"}

// warnOfIdleLogging names the settings of logging that have no effect, for the
// program logs by another logger than one of package logging.
func (r *run) warnOfIdleLogging() {
	if _, isOurs := r.app.logger.Handler().(*logging.Handler); isOurs {
		return
	}
	for _, key := range withoutEffect {
		if r.app.config.Exists(key) {
			r.app.guarded.Warn("a setting has no effect: the program has a logger of its own", "key", key, "at", r.app.config.Origin(key).String())
		}
	}
}
