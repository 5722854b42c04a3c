// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// LastGoodConfig configures a [LastGood]. A zero field means its default.
type LastGoodConfig struct {
	// MaxAge is how old an answer may be that takes the place of a failed one:
	// stale-if-error of RFC 5861. Default 1h.
	MaxAge time.Duration `koanf:"max-age"`
	// MaxEntries is how many answers are kept; beyond it the one that was used
	// longest ago goes. Default 1000.
	MaxEntries int `koanf:"max-entries"`
	// On says which errors let the last good answer take their place, as RetryOn
	// of a [RetryConfig] does. nil: all but the caller's cancellation.
	On any `koanf:"-"`
	// OnStale is told when an answer of the given age is used.
	OnStale func(age time.Duration, cause error) `koanf:"-"`
}

// Validate names each field that is wrong; the error is kernel.ErrConfig.
func (c LastGoodConfig) Validate() error {
	_, err := newMatcher(c.On)
	return errors.Join(noNegativeTime("max-age", c.MaxAge), notNegative("max-entries", c.MaxEntries), err)
}

// LastGood keeps the last good answer for each key, and gives it when a call
// fails. It takes a short lock and looks at the clock for each call; it is safe
// for concurrent use. Answers are shared: who gets one must not change it.
type LastGood[K comparable, T any] struct {
	config  LastGoodConfig
	match   func(error) bool
	invalid error

	mu      sync.Mutex
	entries map[K]*list.Element // of *goodAnswer[K, T]
	recent  list.List           // the one used last in front
}

type goodAnswer[K comparable, T any] struct {
	key   K
	value T
	at    time.Time
}

// NewLastGood makes an empty memory. If config is not valid, Call returns the
// error of its Validate.
func NewLastGood[K comparable, T any](config LastGoodConfig) *LastGood[K, T] {
	m, _ := newMatcher(config.On)
	l := &LastGood[K, T]{config: config, match: m.match, invalid: config.Validate(), entries: map[K]*list.Element{}}
	setDefaultTime(&l.config.MaxAge, time.Hour)
	setDefault(&l.config.MaxEntries, 1000)
	return l
}

// Call runs fn, keeps its result under key, and returns what was kept last if fn
// fails. Without such an answer it returns what fn did.
func (l *LastGood[K, T]) Call(ctx context.Context, key K, fn func(context.Context) (T, error)) (T, error) {
	if l.invalid != nil {
		var none T
		return none, l.invalid
	}
	value, err := fn(ctx)
	if err == nil {
		l.keep(key, value)
		return value, nil
	}
	if errors.Is(ctx.Err(), context.Canceled) || !l.match(err) {
		return value, err
	}
	kept, age, ok := l.get(key)
	if !ok {
		return value, err
	}
	if l.config.OnStale != nil {
		l.config.OnStale(age, err)
	}
	return kept, nil
}

func (l *LastGood[K, T]) keep(key K, value T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	answer := &goodAnswer[K, T]{key, value, time.Now()}
	if e, ok := l.entries[key]; ok {
		e.Value = answer
		l.recent.MoveToFront(e)
		return
	}
	l.entries[key] = l.recent.PushFront(answer)
	if l.recent.Len() > l.config.MaxEntries {
		l.drop(l.recent.Back())
	}
}

func (l *LastGood[K, T]) get(key K) (value T, age time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok {
		return value, 0, false
	}
	answer := e.Value.(*goodAnswer[K, T])
	if age = time.Since(answer.at); age > l.config.MaxAge {
		l.drop(e)
		return value, 0, false
	}
	l.recent.MoveToFront(e)
	return answer.value, age, true
}

func (l *LastGood[K, T]) drop(e *list.Element) {
	delete(l.entries, l.recent.Remove(e).(*goodAnswer[K, T]).key)
}
