// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
)

// Config holds the settings of an application. What was read does not change,
// and the methods may be called concurrently. [Load] and [New] make one; the
// zero Config is of no use.
type Config struct {
	merged   atomic.Pointer[merged]
	adding   sync.Mutex // serialises changes of merged, and guards layers
	layers   []*layer   // files and code, the lowest first
	profiles []string
	asked    asked
	source   *source // nil if it was not loaded
}

// New makes a Config of the given settings alone: no file and no override from
// the environment. Maps may be nested, keys dotted, or both. Placeholders refer
// to other keys and to the process environment, as with [Load].
func New(settings map[string]any) *Config {
	return newConfig(nil, readEnvironment(), []map[string]any{settings})
}

// Value returns the value of key as a T, and whether it is set. T is anything
// that a field for [Config.Bind] may be, such as string, bool, int, float64,
// time.Duration, [ByteSize], []string or map[string]string. If the value is no T,
// or holds a placeholder that nothing resolves, the error is an [*Error], or
// several joined for a T of many parts, and the other results are zero.
func Value[T any](cfg *Config, key string) (value T, ok bool, err error) {
	b := newBinder(cfg)
	present := b.bind(reflect.ValueOf(&value).Elem(), key, cfg.find(key))
	if err := b.err(); err != nil {
		var zero T
		return zero, false, err
	}
	return value, present, nil
}

// Get returns the value of key as it is: a string with its placeholders
// replaced, a bool, a number, a []any, or a map[string]any of what is below key;
// from the environment always a string. The error is as for [Value].
func (c *Config) Get(key string) (value any, ok bool, err error) {
	return Value[any](c, key)
}

// String returns the value of key as text, or fallback if it is not set or has
// no text, as a list or a placeholder that nothing resolves. Use [Value] to be
// told of the latter.
func (c *Config) String(key, fallback string) string {
	value, ok, err := Value[string](c, key)
	if !ok || err != nil {
		return fallback
	}
	return value
}

// Exists reports whether key is set: by a value, or by keys below it, also if
// only the environment sets them.
func (c *Config) Exists(key string) bool {
	c.asked.add(key)
	return c.lookUp(key) != nil || len(c.environment().below(key)) > 0
}

// Keys returns the names of the segments directly below prefix, sorted, as
// they were written. The prefix "" is the root. An environment variable that
// sets none of them is a name as well, in kebab case and with all that its name
// has behind the prefix, since it does not tell where a segment ends:
// SHOP_RETRY_MAX_ATTEMPTS is max-attempts below shop.retry.
func (c *Config) Keys(prefix string) []string {
	c.asked.add(prefix)
	return c.childNames(prefix, c.find(prefix))
}

// Origin returns where the value of key was written, or for a group of keys
// where the group begins. It is zero for a key that is not set.
func (c *Config) Origin(key string) Origin {
	c.asked.add(key)
	return c.originOf(key)
}

func (c *Config) originOf(key string) Origin {
	if n := c.lookUp(key); n != nil {
		return n.origin
	}
	return Origin{}
}

// Profiles returns the active profiles, in the order in which they win.
func (c *Config) Profiles() []string { return slices.Clone(c.profiles) }

// lookUp returns what key is set to, placeholders untouched, or nil.
func (c *Config) lookUp(key string) *node {
	return c.override(key, c.find(key))
}

// Files returns the files that were read, the base file first, by the names that
// origins have.
func (c *Config) Files() []string {
	if c.source == nil {
		return nil
	}
	return slices.Clone(c.source.names)
}

func (c *Config) environment() *environment { return c.merged.Load().environment }

// AddPrefix lets the variables that begin with PYFLY_ and the prefix set the keys
// below it: with AddPrefix("watcher"), PYFLY_WATCHER_PAGE_SIZE sets
// watcher.page-size. A variable without PYFLY_ that [Env] lets set the key wins.
// The application context calls it for the prefixes of properties. It may be
// called again; a Config that is read anew has the prefixes of the one before.
func (c *Config) AddPrefix(prefix string) {
	canonical := canonicalKey(prefix)
	isKnown := func() bool { return slices.Contains(c.environment().prefixes, canonical) }
	if canonical == "" || isKnown() {
		return
	}
	c.adding.Lock()
	defer c.adding.Unlock()
	if isKnown() {
		return
	}
	changed := *c.merged.Load()
	changed.environment = changed.environment.withPrefix(prefix)
	c.merged.Store(&changed)
}

// find returns what files and code set key to, or nil.
func (c *Config) find(key string) *node { return c.merged.Load().root.find(key) }

// override returns the environment's value of key if it has one that counts,
// else n, which may be nil. A variable does not replace a group of keys. A
// variable of the key itself wins over a short form that sets the key.
func (c *Config) override(key string, n *node) *node {
	if v := c.overrideAsWritten(key, n); v != n || n.isFixed() {
		return v
	}
	if v := c.fromShortVariable(key); v != nil {
		return v
	}
	return n
}

func (c *Config) overrideAsWritten(key string, n *node) *node {
	if v := c.environment().node(key); v != nil && !n.isFixed() {
		return v
	}
	return n
}

// isFixed reports whether the environment cannot change n.
func (n *node) isFixed() bool { return n.isGroup() && !n.isCleared() || n.isCode() }
