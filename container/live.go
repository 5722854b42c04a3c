// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// Live is a properties struct that follows changes of the configuration. A
// constructor takes a Live[T] or *Live[T] where [Properties] or
// [LiveProperties] has registered T:
//
//	func NewWorker(settings container.Live[WorkerSettings]) *Worker
//
// When the files of the configuration change, a new T is bound and validated.
// If all settings of the application are valid it replaces the old one as a
// whole, otherwise nothing changes. It is safe for concurrent use.
type Live[T any] struct{ value *liveValue[T] }

// LiveProperties registers the settings below prefix as a bean of type Live[T],
// and returns it for those who are not beans. T is a struct as for
// [Properties]; to inject a T or *T as well, use Properties instead.
func LiveProperties[T any](app *ApplicationContext, prefix string, opts ...BeanOption) Live[T] {
	app.ownPrefix(prefix, validateProperties[T](prefix))
	l := newLive[T](app, prefix)
	app.Register(l.value.begin, append([]BeanOption{Stereotype("properties"), propertiesOf(prefix)}, opts...)...)
	app.registerHidden(func(l Live[T]) *Live[T] { return &l }, " by pointer")
	return l
}

// Load returns the settings in force. They are shared: do not modify them. Before
// the first start they are those that the context was made with, as far as they
// are valid. The zero Live has none and returns nil.
func (l Live[T]) Load() *T {
	if l.value == nil {
		return nil
	}
	return l.value.load()
}

// Subscribe calls fn whenever the settings have changed, with the settings
// before and after, once the subscribers of config.Changed have returned. Calls do
// not overlap. Each has the time limit of a bean's Start; one that does not return
// within it is logged, as is a panic, and the next subscriber is called. The
// subscription ends with stop, which may be called more than once, and, if it is
// made while the context is started or starts, when the context has stopped.
func (l Live[T]) Subscribe(fn func(old, new *T)) (stop func()) {
	if l.value == nil || fn == nil {
		return func() {}
	}
	return l.value.subscribe(fn)
}

// liveValue is what the copies of one Live share.
type liveValue[T any] struct {
	app     *ApplicationContext
	prefix  string
	current atomic.Pointer[T] // nil until it was bound

	telling     sync.Mutex // held while subscribers are called
	mu          sync.Mutex // guards what follows
	config      *config.Config
	subscribers []*liveSubscriber[T]
}

type liveSubscriber[T any] struct {
	call  func(old, new *T)
	run   *run // that it was made in; nil outside of all
	knows *T   // guarded by telling, once it is in the list
}

func newLive[T any](app *ApplicationContext, prefix string) Live[T] {
	l := &liveValue[T]{app: app, prefix: prefix}
	app.settings.add(app, l)
	return Live[T]{l}
}

// begin makes the bean of one start.
func (l *liveValue[T]) begin(cfg *config.Config) Live[T] {
	l.follow(cfg)
	return Live[T]{l}
}

func (l *liveValue[T]) load() *T {
	if settings := l.current.Load(); settings != nil {
		return settings
	}
	l.follow(l.app.Config())
	if settings := l.current.Load(); settings != nil {
		return settings
	}
	settings, _ := bindProperties[T](l.app.Config(), l.prefix) // the report of Start tells the error
	return settings
}

// follow takes the settings from cfg, unless something is wrong with them: then
// a validator has told it.
func (l *liveValue[T]) follow(cfg *config.Config) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.config == cfg {
		return
	}
	fresh, err := bindProperties[T](cfg, l.prefix)
	if err != nil {
		return
	}
	l.config = cfg
	if current := l.current.Load(); current == nil || !reflect.DeepEqual(current, fresh) {
		l.current.Store(fresh)
	}
}

// tell calls the subscribers that do not know the settings in force.
func (l *liveValue[T]) tell(call caller) {
	l.telling.Lock()
	defer l.telling.Unlock()
	current := l.current.Load()
	for _, s := range l.listening() {
		old := s.knows
		s.knows = current
		if old != current {
			call(l.prefix, func() { s.call(old, current) })
		}
	}
}

// listening returns the subscribers, without those whose run has ended.
func (l *liveValue[T]) listening() []*liveSubscriber[T] {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subscribers = slices.DeleteFunc(l.subscribers, func(s *liveSubscriber[T]) bool { return s.hasEnded() })
	return slices.Clone(l.subscribers)
}

func (l *liveValue[T]) subscribe(fn func(old, new *T)) (stop func()) {
	s := &liveSubscriber[T]{call: fn, knows: l.load()}
	l.app.mu.Lock()
	s.run = l.app.run
	l.app.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.subscribers = append(l.subscribers, s)
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.subscribers = slices.DeleteFunc(l.subscribers, func(other *liveSubscriber[T]) bool { return other == s })
	}
}

func (s *liveSubscriber[T]) hasEnded() bool { return s.run != nil && isClosed(s.run.stopped) }

// follower is what follows the configuration.
type follower interface {
	follow(cfg *config.Config)
	tell(call caller)
}

// caller calls a subscriber of the properties with a prefix.
type caller func(prefix string, subscriber func())

// followers are all Lives of a context.
type followers struct {
	mu      sync.Mutex
	list    []follower
	applied *config.Config // that the context has applied
}

// add lets f follow the changes of the files, and those that somebody else
// publishes.
func (all *followers) add(app *ApplicationContext, f follower) {
	all.mu.Lock()
	defer all.mu.Unlock()
	all.list = append(all.list, f)
	if len(all.list) > 1 {
		return
	}
	lifecycle.Subscribe(app.events, func(change config.Changed) {
		if all.apply(change.Config) {
			all.tell(app.callSubscriber)
		}
	})
}

// apply lets all follow, before any subscriber is told. It is false if they do
// already.
func (all *followers) apply(cfg *config.Config) bool {
	all.mu.Lock()
	list, isNew := slices.Clone(all.list), cfg != all.applied
	all.applied = cfg
	all.mu.Unlock()
	for _, f := range list {
		f.follow(cfg)
	}
	return isNew
}

func (all *followers) tell(call caller) {
	all.mu.Lock()
	list := slices.Clone(all.list)
	all.mu.Unlock()
	for _, f := range list {
		f.tell(call)
	}
}

// callSubscriber calls a subscriber outside of a run.
func (app *ApplicationContext) callSubscriber(prefix string, subscriber func()) {
	if err := usercode.Call(func() error { subscriber(); return nil }); err != nil {
		app.logger.Error("a subscriber of changed properties panicked", "prefix", prefix, "error", err)
	}
}

// callSubscriber calls a subscriber within the limit of a hook.
func (r *run) callSubscriber(prefix string, subscriber func()) {
	where, err := r.call(r.life, "", "subscriber of properties", r.startLimit, func(context.Context) error { subscriber(); return nil })
	switch {
	case err == nil:
	case err != hook.ErrHangs:
		r.app.logger.Error("a subscriber of changed properties panicked", "prefix", prefix, "error", err)
	case r.life.Err() == nil:
		r.app.logger.Error("a subscriber of changed properties hangs: it did not return within its limit", "prefix", prefix, "stands at", where)
	}
}
