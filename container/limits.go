// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"runtime"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

// limits are the settings below pyfly.context.
type limits struct {
	startLimit, stopLimit time.Duration // of a bean
	totalStart, totalStop time.Duration // 0: none
	shutdownDelay         time.Duration
	parallelism           int
}

const (
	totalStartKey = "pyfly.context.total-start-timeout"
	totalStopKey  = "pyfly.context.total-shutdown-timeout"
	delayKey      = "pyfly.context.shutdown-delay"
)

const defaultHookLimit = 30 * time.Second

func (l *limits) read(app *ApplicationContext) []*Problem {
	var problems []*Problem
	duration := func(key string, inCode, fallback time.Duration) time.Duration {
		setting, ok, err := config.Value[time.Duration](app.config, key)
		switch {
		case err != nil:
			problems = append(problems, problemsOf(err, CodeConfig)...)
		case inCode > 0:
			return inCode
		case ok && setting <= 0:
			problems = append(problems, wrongLimit(app.config, key, setting, "write a positive duration such as 30s"))
		case ok:
			return setting
		}
		return fallback
	}
	l.startLimit = duration("pyfly.context.start-timeout", app.options.startTimeout, defaultHookLimit)
	l.stopLimit = duration("pyfly.context.shutdown-timeout", app.options.stopTimeout, defaultHookLimit)
	l.totalStart = duration(totalStartKey, app.options.totalStartTimeout, 0)
	l.totalStop = duration(totalStopKey, app.options.totalStopTimeout, 0)
	delay, _, err := config.Value[time.Duration](app.config, delayKey)
	switch {
	case err != nil:
		problems = append(problems, problemsOf(err, CodeConfig)...)
	case delay < 0:
		problems = append(problems, wrongLimit(app.config, delayKey, delay, "write 0s or a positive duration such as 5s"))
	}
	l.shutdownDelay = max(delay, 0)

	const key = "pyfly.context.start-parallelism"
	parallelism, ok, err := config.Value[int](app.config, key)
	switch {
	case err != nil:
		problems = append(problems, problemsOf(err, CodeConfig)...)
	case ok && parallelism < 1:
		problems = append(problems, wrongLimit(app.config, key, parallelism, "write how many beans may be started side by side, 1 or more"))
	}
	if !ok {
		parallelism = runtime.GOMAXPROCS(0)
	}
	l.parallelism = max(parallelism, 1)
	return problems
}

func wrongLimit(cfg *config.Config, key string, setting any, remedy string) *Problem {
	what := fmt.Sprintf("%s: %s: %v is not a valid limit", cfg.Origin(key), key, setting)
	if _, isDuration := setting.(time.Duration); isDuration {
		what = fmt.Sprintf("%s: %s: %v is not a valid time limit", cfg.Origin(key), key, setting)
	}
	return &Problem{Code: CodeConfig, What: what, Remedy: remedy}
}
