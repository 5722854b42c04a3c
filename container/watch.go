// SPDX-License-Identifier: Apache-2.0

package container

import (
	"errors"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/usercode"
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
// refuses change nothing.
func (r *run) watchConfig() {
	if !r.watches {
		close(r.watched)
		return
	}
	var told string
	go func() {
		defer close(r.watched)
		r.label("", "watch")
		err := config.Watch(r.life, r.app.config, func(change config.Changed, err error) {
			if err == nil {
				err = r.app.validate(change.Config)
			}
			if err == nil {
				told = ""
				r.app.logger.Info("configuration changed", "keys", change.Keys)
				r.publish(r.life, change, r.startLimit)
				return
			}
			if text := err.Error(); text != told {
				told = text
				r.app.logger.Error("configuration not changed: its files are wrong", "error", err)
			}
		})
		if err != nil {
			r.app.logger.Warn("changes of the configuration will not be seen", "error", err)
		}
	}()
}

// validate asks all validators.
func (app *ApplicationContext) validate(cfg *config.Config) error {
	var errs []error
	for _, v := range app.validators {
		errs = append(errs, usercode.Call(func() error { return v.check(cfg) }))
	}
	return errors.Join(errs...)
}
