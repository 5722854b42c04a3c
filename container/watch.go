// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"io"
	"io/fs"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container/internal/hook"
)

// watchKey is the setting that turns watching off.
const watchKey = "pyfly.config.watch"

// readWatch reads the setting.
func (r *run) readWatch() []*Problem {
	wanted, isSet, err := config.Value[bool](r.app.config, watchKey)
	r.watches = wanted || !isSet
	return problemsOf(err, CodeConfig)
}

// watchConfig publishes a [config.Changed] whenever the files of the
// configuration change, until the context stops. Settings that a validator
// rejects change nothing. At first it tells what has changed since the last run.
func (r *run) watchConfig() {
	cfg := r.app.config // this goroutine may outlive a Stop whose context is done
	go func() {
		defer close(r.watched)
		r.label("", "watch")
		r.app.settings.tell(r.callSubscriber)
		if r.watches {
			_ = config.Watch(r.life, cfg, r.changed, r.validate) // always nil
		}
	}()
}

// changed is told what has become of changed files.
func (r *run) changed(change config.Changed, err error) {
	switch {
	case err == nil:
		r.app.settings.inForce.Store(change.Config)
		r.app.guarded.Info("configuration changed", "keys", change.Keys)
		r.app.settings.apply(change.Config)
		r.publish(r.life, change, r.startLimit)
		r.app.settings.tell(r.callSubscriber)
		r.warnOfUnknownKeys(change.Config)
	case isLostFile(err):
		r.app.guarded.Warn("configuration not changed: a file is missing or empty", "error", err)
	default:
		r.app.guarded.Error("configuration not changed: its files are invalid", "error", err)
	}
}

// isLostFile reports whether err says that a file of the configuration is
// missing or empty.
func isLostFile(err error) bool {
	var wrong *config.Error
	return errors.As(err, &wrong) && wrong.Key == "" && (errors.Is(wrong, fs.ErrNotExist) || errors.Is(wrong, io.ErrUnexpectedEOF))
}

// validate asks all validators. What several say is said once.
func (r *run) validate(cfg *config.Config) error {
	var errs []error
	told := map[string]bool{}
	for _, v := range r.app.validators {
		for _, err := range partsOf(r.check(r.life, v, cfg)) {
			if text := err.Error(); !told[text] {
				told[text] = true
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// check asks a validator, within the limit of a hook.
func (r *run) check(ctx context.Context, v validator, cfg *config.Config) error {
	if v.isOurs {
		return v.check(cfg)
	}
	where, err := r.call(ctx, "", "validator", r.startLimit, func(context.Context) error { return v.check(cfg) })
	if err != hook.ErrHangs && err != hook.ErrExited {
		return err
	}
	p := &Problem{Code: CodeDeclaration, What: "a validator did not return: " + err.Error(), Err: err}
	return p.detail("stands at", where).detail("registered", v.at.location().String())
}

// partsOf returns the errors that were joined.
func partsOf(err error) []error {
	if err == nil {
		return nil
	}
	parts, ok := joined(err)
	if !ok {
		return []error{err}
	}
	var all []error
	for _, part := range parts {
		all = append(all, partsOf(part)...)
	}
	return all
}
