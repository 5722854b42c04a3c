// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
)

// LastGoodConfig configures a [LastGood]. A zero field means its default.
type LastGoodConfig struct {
	// MaxAge is how old an answer may be that takes the place of a failed one:
	// stale-if-error of RFC 5861. Default 1h.
	MaxAge time.Duration `koanf:"max-age"`
	// MaxEntries is how many answers are kept; beyond it the one that was used
	// longest ago goes. Default 1000.
	MaxEntries int `koanf:"max-entries"`
	// MaxBytes is how much memory keys and answers may take together, as Size
	// tells it; beyond it the one that was used longest ago goes. An answer that
	// is larger alone is not kept. Default 0: no limit in bytes.
	MaxBytes int64 `koanf:"max-bytes"`
	// Size returns how many bytes a key and its answer take. It is called once
	// for each answer that is kept, and must be safe for concurrent use. MaxBytes
	// needs it.
	Size func(key, answer any) int64 `koanf:"-"`
	// On reports whether the last good answer replaces an error, as RetryOn of a
	// [RetryConfig] does. It must be safe for concurrent use. nil: it replaces
	// every error. It never replaces the caller's cancellation.
	On func(error) bool `koanf:"-"`
	// OnStale is told when an answer of the given age is used.
	OnStale func(age time.Duration, cause error) `koanf:"-"`
}

// Validate names each field that is wrong; the error is kernel.ErrConfig.
func (c LastGoodConfig) Validate() error {
	var bytes error
	switch {
	case c.MaxBytes < 0:
		bytes = wrongField("max-bytes", "max-bytes is %d: it must not be negative", c.MaxBytes)
	case c.MaxBytes > 0 && c.Size == nil:
		bytes = fmt.Errorf("%w: max-bytes needs Size, which tells how many bytes an answer takes", kernel.ErrConfig)
	}
	return errors.Join(noNegativeTime("max-age", c.MaxAge), notNegative("max-entries", c.MaxEntries), bytes)
}

// SetExplicitZero records that the field of the given koanf name is set to zero
// in a settings file, where zero does not mean the default.
func (c *LastGoodConfig) SetExplicitZero(key string) {
	switch key {
	case "max-age":
		c.MaxAge = NoDelay
	case "max-entries":
		c.MaxEntries = explicitZero
	}
}

// LastGood keeps the last good answer for each key, and gives it when a call
// fails. What it keeps is bounded by MaxEntries and MaxBytes, however many keys there
// are. It takes a short lock and looks at the clock for each call; it is safe
// for concurrent use. Answers are shared: who gets one must not change it.
type LastGood[K comparable, T any] struct {
	config  LastGoodConfig
	invalid error

	mu      sync.Mutex
	entries map[K]*list.Element // of *goodAnswer[K, T]
	recent  list.List           // the one used last in front
	bytes   int64               // of all entries
}

type goodAnswer[K comparable, T any] struct {
	key   K
	value T
	bytes int64
	at    time.Time
}

// NewLastGood makes an empty memory. If config is not valid, Call returns the
// error of its Validate.
func NewLastGood[K comparable, T any](config LastGoodConfig) *LastGood[K, T] {
	l := &LastGood[K, T]{config: config, invalid: config.Validate(), entries: map[K]*list.Element{}}
	setDefaultTime(&l.config.MaxAge, time.Hour)
	setDefault(&l.config.MaxEntries, 1000)
	return l
}

// Call runs fn, keeps its result under key, and returns what was kept last if fn
// fails. Without such an answer it returns what fn did.
func (l *LastGood[K, T]) Call(ctx context.Context, key K, fn func(context.Context) (T, error)) (T, error) {
	return l.CallBy(ctx, func(T, error) (K, bool) { return key, true }, fn)
}

// CallBy is Call with a key that is known only when fn has returned. keyOf gets what
// fn returned, and returns the key under which a result is kept or looked up, or
// false: then nothing is. It is not called for an error that is returned as it is.
func (l *LastGood[K, T]) CallBy(ctx context.Context, keyOf func(T, error) (K, bool), fn func(context.Context) (T, error)) (T, error) {
	if l.invalid != nil {
		var none T
		return none, l.invalid
	}
	value, err := fn(ctx)
	if err == nil {
		if key, ok := keyOf(value, nil); ok {
			l.keep(key, value)
		}
		return value, nil
	}
	if errors.Is(ctx.Err(), context.Canceled) || !matches(l.config.On, err) {
		return value, err
	}
	key, ok := keyOf(value, err)
	if !ok {
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

// keep takes the answer in the place of the one before.
func (l *LastGood[K, T]) keep(key K, value T) {
	var bytes int64
	if l.config.MaxBytes > 0 {
		bytes = max(0, l.config.Size(key, value))
	}
	answer := &goodAnswer[K, T]{key, value, bytes, time.Now()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.entries[key]; ok {
		l.drop(e)
	}
	if !areEqual(key, key) || l.config.MaxBytes > 0 && bytes > l.config.MaxBytes { // no key that holds a NaN is ever found again
		return
	}
	for l.recent.Len() >= l.config.MaxEntries || l.config.MaxBytes > 0 && l.bytes > l.config.MaxBytes-bytes {
		l.drop(l.recent.Back())
	}
	l.entries[key] = l.recent.PushFront(answer)
	l.bytes += bytes
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

func areEqual[K comparable](a, b K) bool { return a == b }

func (l *LastGood[K, T]) drop(e *list.Element) {
	answer := l.recent.Remove(e).(*goodAnswer[K, T])
	l.bytes -= answer.bytes
	delete(l.entries, answer.key)
}
