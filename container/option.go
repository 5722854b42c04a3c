// SPDX-License-Identifier: Apache-2.0

package container

import (
	"io"
	"log/slog"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

// Option configures an [ApplicationContext].
type Option func(*options)

type options struct {
	config       *config.Config
	logger       *slog.Logger
	logOutput    io.Writer
	profiles     []string
	startTimeout time.Duration
	stopTimeout  time.Duration

	totalStartTimeout time.Duration
	totalStopTimeout  time.Duration
}

// WithConfig uses cfg instead of what config.Load finds.
func WithConfig(cfg *config.Config) Option {
	return func(o *options) { o.config = cfg }
}

// WithLogger logs to logger instead of the context's own, and offers it to
// constructors that take a *slog.Logger. The settings pyfly.logging.level,
// .format and .source and the banner are for the context's own logger only.
func WithLogger(logger *slog.Logger) Option {
	return func(o *options) { o.logger = logger }
}

// WithLogOutput lets the context's own logger write to out instead of standard
// error: each record, and the banner, by one call of Write. The context has one
// then even if the program has set slog's default; [WithLogger] wins over it.
func WithLogOutput(out io.Writer) Option {
	return func(o *options) { o.logOutput = out }
}

// WithProfiles activates profiles: settings are read from pyfly-<profile>.yaml
// as well, the last profile winning, and beans with the condition [Profile] are
// chosen by them. On a configuration given by [WithConfig] it has the latter
// effect only.
func WithProfiles(profiles ...string) Option {
	return func(o *options) { o.profiles = append(o.profiles, profiles...) }
}

// WithStartTimeout limits each bean's PostConstruct and Start, and the work of its
// constructor and its post-processors, together. It wins over
// pyfly.context.start-timeout, whose default is 30s.
func WithStartTimeout(limit time.Duration) Option {
	return func(o *options) { o.startTimeout = limit }
}

// WithStopTimeout limits each bean's Stop and PreDestroy. It wins over
// pyfly.context.shutdown-timeout, whose default is 30s.
func WithStopTimeout(limit time.Duration) Option {
	return func(o *options) { o.stopTimeout = limit }
}

// WithTotalStartTimeout limits the whole start, from the check of the settings to
// the subscribers of lifecycle.ApplicationReady. It wins over
// pyfly.context.total-start-timeout; by default there is no such limit.
func WithTotalStartTimeout(limit time.Duration) Option {
	return func(o *options) { o.totalStartTimeout = limit }
}

// WithTotalStopTimeout limits the whole stop, and the rollback of a start that
// failed, which has the limit of the whole start if this one is not set. All hooks
// are called even if the time is over; those that then do not return are given up
// within a fifth of the limit, two seconds at most, all together. It wins over
// pyfly.context.total-shutdown-timeout; by default there is no such limit.
func WithTotalStopTimeout(limit time.Duration) Option {
	return func(o *options) { o.totalStopTimeout = limit }
}
