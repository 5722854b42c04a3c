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
	// MaxAge is the maximum age of a result that replaces an error: stale-if-error of
	// RFC 5861. Default 1h.
	MaxAge time.Duration `koanf:"max-age"`
	// MaxEntries is the maximum number of results; beyond it, the least recently used
	// is dropped. Default 1000.
	MaxEntries int `koanf:"max-entries"`
	// MaxBytes is the maximum size of all keys and results, as measured by Size; beyond
	// it, the least recently used result is dropped. A result that is larger is not
	// kept. Default 0: no limit in bytes.
	MaxBytes int64 `koanf:"max-bytes"`
	// Size returns the size of a key and its result in bytes. It is called once for
	// each result, and must be safe for concurrent use. MaxBytes requires it.
	Size func(key, result any) int64 `koanf:"-"`
	// On reports whether the last good result replaces an error, like RetryOn of a
	// [RetryConfig]. It must be safe for concurrent use. nil: it replaces every
	// error. It never replaces the caller's cancellation.
	On func(error) bool `koanf:"-"`
	// OnStale is called when a result of the given age replaces the error cause, on the
	// goroutine of the call.
	OnStale func(age time.Duration, cause error) `koanf:"-"`
}

// Validate returns an error that names each field that is not valid and wraps
// kernel.ErrConfig, or nil.
func (c LastGoodConfig) Validate() error {
	var bytes error
	switch {
	case c.MaxBytes < 0:
		bytes = wrongField("max-bytes", "max-bytes is %d: it must not be negative", c.MaxBytes)
	case c.MaxBytes > 0 && c.Size == nil:
		bytes = fmt.Errorf("%w: max-bytes needs Size, which returns the size of a result", kernel.ErrConfig)
	}
	return errors.Join(noNegativeTime("max-age", c.MaxAge), notNegative("max-entries", c.MaxEntries), bytes)
}

// SetExplicitZero records that a settings file sets the field with this koanf name to
// zero, which there does not mean the default.
func (c *LastGoodConfig) SetExplicitZero(key string) {
	switch key {
	case "max-age":
		c.MaxAge = NoDelay
	case "max-entries":
		c.MaxEntries = explicitZero
	}
}

// LastGood keeps the last good result for each key, and returns it if a call fails.
// MaxEntries and MaxBytes limit what it keeps. A call takes a lock for a short time and
// reads the clock. LastGood is safe for concurrent use. Callers share results and must
// not modify them.
type LastGood[K comparable, T any] struct {
	config  LastGoodConfig
	invalid error

	mu      sync.Mutex
	entries map[K]*list.Element // of *goodResult[K, T]
	recent  list.List           // the most recently used in front
	bytes   int64               // of all entries
}

type goodResult[K comparable, T any] struct {
	key   K
	value T
	bytes int64
	at    time.Time
}

// NewLastGood returns a LastGood without results. If config is not valid, Call returns
// the error of its Validate.
func NewLastGood[K comparable, T any](config LastGoodConfig) *LastGood[K, T] {
	l := &LastGood[K, T]{config: config, invalid: config.Validate(), entries: map[K]*list.Element{}}
	setDefaultTime(&l.config.MaxAge, time.Hour)
	setDefault(&l.config.MaxEntries, 1000)
	return l
}

// Call runs fn and keeps its result for key. If fn fails, it returns the last good result
// for key, or, if there is none, the result and error of fn.
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

// keep replaces the result of a key.
func (l *LastGood[K, T]) keep(key K, value T) {
	var bytes int64
	if l.config.MaxBytes > 0 {
		bytes = max(0, l.config.Size(key, value))
	}
	result := &goodResult[K, T]{key, value, bytes, time.Now()}
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.entries[key]; ok {
		l.drop(e)
	}
	if !areEqual(key, key) || l.config.MaxBytes > 0 && bytes > l.config.MaxBytes { // a key with a NaN is never found again
		return
	}
	for l.recent.Len() >= l.config.MaxEntries || l.config.MaxBytes > 0 && l.bytes > l.config.MaxBytes-bytes {
		l.drop(l.recent.Back())
	}
	l.entries[key] = l.recent.PushFront(result)
	l.bytes += bytes
}

func (l *LastGood[K, T]) get(key K) (value T, age time.Duration, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e, ok := l.entries[key]
	if !ok {
		return value, 0, false
	}
	result := e.Value.(*goodResult[K, T])
	if age = time.Since(result.at); age > l.config.MaxAge {
		l.drop(e)
		return value, 0, false
	}
	l.recent.MoveToFront(e)
	return result.value, age, true
}

func areEqual[K comparable](a, b K) bool { return a == b }

func (l *LastGood[K, T]) drop(e *list.Element) {
	result := l.recent.Remove(e).(*goodResult[K, T])
	l.bytes -= result.bytes
	delete(l.entries, result.key)
}
