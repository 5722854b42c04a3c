// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// ApplicationContext registers, builds, starts and stops the beans of one
// application. Make it with [NewApplicationContext].
//
// Register everything first, from one goroutine; then all of its methods are
// safe for concurrent use.
type ApplicationContext struct {
	options options
	config  *config.Config
	logger  *slog.Logger
	guarded *slog.Logger // the same, for the context itself: a panic ends nothing
	log     *ownLog      // nil if the program has a logger of its own
	events  *lifecycle.Events

	definitions     []*definition // in the order of registration
	overrides       []*definition
	validators      []validator
	moduleOverrides []*moduleOverride
	installed       []*moduleScope
	module          *moduleScope // being installed
	problems        []*Problem   // of registration
	settings        settings

	mu    sync.Mutex // guards run and ready, and config outside of a start; never held while a bean's code runs
	run   *run
	ready chan struct{}
	beans atomic.Pointer[beans] // what Get hands out; nil unless started
	last  atomic.Pointer[run]   // the last start, even if it failed
	graph atomic.Pointer[graph] // of the last start or validation, from its begin
}

// validator checks settings and declarations before the start.
type validator struct {
	check  func(*config.Config) error
	isOurs bool // it needs no limit
	module *moduleScope
	at     callers
}

// ContextAware is a bean or post-processor whose SetApplicationContext is called
// right after its construction, before anything else happens to it. It is meant for
// processors that are registered as instances; other beans take what they need as
// constructor parameters.
type ContextAware interface {
	SetApplicationContext(app *ApplicationContext)
}

// NewApplicationContext makes a context and reads its configuration, as
// config.Load does without options: pyfly.yaml when there is one, the files of
// the active profiles, and the environment. A configuration that cannot be read
// is reported by Start together with everything else.
//
// The context logs by the logger given by [WithLogger], else by slog.Default()
// if the program has set one, else by one of package logging that writes to
// standard error, as pyfly.logging says.
func NewApplicationContext(opts ...Option) *ApplicationContext {
	app := &ApplicationContext{ready: make(chan struct{})}
	for _, opt := range opts {
		if opt != nil {
			opt(&app.options)
		}
	}
	app.config = app.options.config
	if app.config == nil {
		app.config = app.loadConfig()
	}
	app.addLogger()
	app.events = lifecycle.NewEvents(app.guarded)
	app.followChanges()
	app.addInfrastructure(app, app.config, app.logger, app.events)
	return app
}

func (app *ApplicationContext) loadConfig() *config.Config {
	var opts []config.Option
	if len(app.options.profiles) > 0 {
		opts = append(opts, config.Profiles(app.options.profiles...))
	}
	cfg, err := config.Load(opts...)
	app.settings.problems, app.settings.isUnread = problemsOf(err, CodeConfig), err != nil
	if err != nil {
		return config.New(nil)
	}
	return cfg
}

// addInfrastructure offers what the context itself brings to constructors.
func (app *ApplicationContext) addInfrastructure(values ...any) {
	for _, value := range values {
		d := newInstance(value, callers{}, nil)
		d.isInfrastructure, d.isOffered = true, true
		app.definitions = append(app.definitions, d)
	}
}

// profiles returns the active profiles: those of the configuration and those
// given in code.
func (app *ApplicationContext) profiles() []string {
	active := app.config.Profiles()
	for _, profile := range app.options.profiles {
		if !slices.Contains(active, profile) {
			active = append(active, profile)
		}
	}
	return active
}

// Name returns what the application is called: the setting pyfly.app.name, or the
// name of the program.
func (app *ApplicationContext) Name() string {
	program := strings.TrimSuffix(filepath.Base(os.Args[0]), ".exe")
	return app.Config().String("pyfly.app.name", program)
}

// Config returns the context's configuration as it was read last: by
// NewApplicationContext, then anew by each further Start. Files that change
// between a Start and its Stop do not change it: subscribe to config.Changed, or
// use [Live].
func (app *ApplicationContext) Config() *config.Config {
	app.mu.Lock()
	defer app.mu.Unlock()
	return app.config
}

// Logger returns the context's logger.
func (app *ApplicationContext) Logger() *slog.Logger { return app.logger }

// Events returns the bus on which the context publishes its events.
func (app *ApplicationContext) Events() *lifecycle.Events { return app.events }

// Register adds a bean, a singleton unless it is a [Prototype]. constructor is
// a func(deps...) T, which may return besides T a func() or func() error, called
// to clean up after the bean's PreDestroy, and an error. T may be a struct that
// embeds dig.Out: then each of its fields is a bean. The constructor is called
// once, when the context starts. Each of its parameters may be
//
//   - a bean's type, or an interface that exactly one bean, or one [Primary]
//     bean, implements;
//   - []I or map[string]I: all beans that are an I, by [Order], or by name;
//   - a [Provider] of any of these, to get it later;
//   - a struct that embeds dig.In, each field of which is one of these, with
//     the tags `name:"..."` for a bean by its name, `optional:"true"`, and
//     `group:"..."` for the members of a [Group];
//   - *config.Config, *slog.Logger, *ApplicationContext, *lifecycle.Events.
//
// A variadic parameter is left out. A mistake is reported by Start.
func (app *ApplicationContext) Register(constructor any, opts ...BeanOption) {
	app.register(newDefinition(constructor, callerStack(), opts))
}

// RegisterInstance adds a bean that exists already. It is post-processed,
// started and stopped like any other.
func (app *ApplicationContext) RegisterInstance(value any, opts ...BeanOption) {
	app.register(newInstance(value, callerStack(), opts))
}

// RegisterPostProcessor adds a post-processor that exists already. A processor
// that needs other beans is registered by its constructor, with Register: every
// bean whose type implements lifecycle.BeanPostProcessor is one.
func (app *ApplicationContext) RegisterPostProcessor(processor lifecycle.BeanPostProcessor, opts ...BeanOption) {
	d := newInstance(processor, callerStack(), opts)
	d.isAnonymous = true
	app.register(d)
}

// Override replaces the definition of the same type and name with another. Tests use
// it to replace a bean. Without [Named] it replaces the only bean of the type,
// whatever its name. It may be called before or after the registration that it
// replaces. The conditions of the old definition do not apply to the new one. Start
// reports an Override that replaces nothing.
func (app *ApplicationContext) Override(constructor any, opts ...BeanOption) {
	d := newDefinition(constructor, callerStack(), opts)
	if d.isOut() {
		d.fail(fmt.Sprintf("an Override was given a constructor of %s, which is several beans", d.made), "override them one by one")
	}
	if app.mayRegister(d) {
		d.module = app.module
		app.overrides = append(app.overrides, d)
	}
}

// AddValidator adds a check of settings and declarations that runs before any
// bean is built, so that what it finds is reported together with all other problems.
// The function's error may be several joined by errors.Join; each that is, or
// wraps, a *[Problem] is shown as such.
func (app *ApplicationContext) AddValidator(validate func(*config.Config) error) {
	if validate != nil {
		app.validators = append(app.validators, validator{check: validate, module: app.module, at: callerStack()})
	}
}

func (app *ApplicationContext) register(d *definition) {
	if !app.mayRegister(d) {
		return
	}
	added := []*definition{d}
	if d.isOut() {
		added = expandOut(d)
	}
	for _, d := range added {
		d.index = len(app.definitions)
		d.module = app.module
		app.definitions = append(app.definitions, d)
	}
}

// mayRegister rejects what comes after the start: the graph is made then.
func (app *ApplicationContext) mayRegister(d *definition) bool {
	app.mu.Lock()
	defer app.mu.Unlock()
	if app.run == nil {
		return true
	}
	app.guarded.Error("a bean registered after the start of the context is ignored: register it before Start",
		"bean", d.name, "registered", d.where())
	return false
}
