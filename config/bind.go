// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// ExplicitZero is implemented by structs whose zero fields mean a default, so
// that a zero which was written can be told from one that was not.
type ExplicitZero interface {
	// SetExplicitZero is called by [Config.Bind], after the fields have been
	// set, for each that the configuration sets to its zero value; key is the
	// field's name in the configuration: "base-delay".
	SetExplicitZero(key string)
}

// validator is what [Config.Bind] calls when a struct is filled.
type validator interface{ Validate() error }

// Bind fills the struct that target points to with the settings below prefix;
// the prefix "" is the root. What is not set keeps its value.
//
// A field's key is its koanf tag, koanf:"base-url", or without one its name in
// kebab case; koanf:"-" leaves it alone and koanf:",squash" reads the fields of a
// struct as if they were the outer's. A field may be a string, bool, number,
// [time.Duration], [ByteSize], an [encoding.TextUnmarshaler], an any, or a struct,
// pointer, slice or map[string]T of these. A tag default:"30s" is what a zero
// field becomes that is not set. Text may be given for any single value, and
// text with commas for a slice. Numbers that do not fit their type are rejected.
//
// SetExplicitZero of a struct is called for zeros, see [ExplicitZero]. Validate()
// error of a struct is called when its fields are valid, and its error is reported
// with the struct's key. A nil pointer to a struct of which no key is set
// stays nil: the section is absent and need not be valid.
//
// The error joins one [*Error] for each thing that is wrong; errors.As finds
// the first. Fields that could be read are set even so.
func (c *Config) Bind(prefix string, target any) error {
	b := newBinder(c)
	b.root(prefix, target)
	return b.err()
}

// root fills the struct that target points to, and reports whether any of its keys
// is set.
func (b *binder) root(prefix string, target any) bool {
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return b.fail(&Error{
			Key:     prefix,
			Message: fmt.Sprintf("settings cannot be bound to a %T", target),
			Want:    "pass a pointer to a struct that is not nil",
		})
	}
	return b.structure(v.Elem(), prefix, b.cfg.find(prefix))
}

// binder fills values of any shape and collects what is wrong.
type binder struct {
	cfg   *Config
	errs  []error
	types []reflect.Type // the structs being filled, outermost first
	refs  []step         // the keys whose placeholders led to the group or list being read

	placeholders int // replaced so far

	optional []func() // checks of the section being read, if it may be absent; nil: of none

	record *fieldRecord // nil: nobody asks which fields are set
}

func newBinder(cfg *Config) *binder { return &binder{cfg: cfg} }

func (b *binder) err() error {
	if len(b.errs) == 1 {
		return b.errs[0]
	}
	return errors.Join(b.errs...)
}

// fail records an error and reports that nothing was set.
func (b *binder) fail(err *Error) bool {
	b.errs = append(b.errs, err)
	return false
}

// bind sets v to what key is set to, and reports whether it is. n is what files
// and code say, the environment is asked here; v keeps its value if key is not
// set or wrong.
func (b *binder) bind(v reflect.Value, key string, n *node) bool {
	t := v.Type()
	switch {
	case isSingle(t):
		return b.recorded(v, key, n, b.single(v, key, n))
	case t.Kind() == reflect.Pointer:
		return b.pointer(v, key, n)
	case t.Kind() == reflect.Struct:
		return b.structure(v, key, n)
	case t.Kind() == reflect.Map && t.Key().Kind() == reflect.String:
		return b.mapping(v, key, n)
	case t.Kind() == reflect.Slice:
		return b.recorded(v, key, n, b.list(v, key, n))
	case t.Kind() == reflect.Interface && t.NumMethod() == 0:
		return b.recorded(v, key, n, b.anything(v, key, n))
	case b.lookUp(key, n) == nil:
		return false
	}
	return b.fail(&Error{
		Origin: b.lookUp(key, n).origin, Key: key,
		Message: fmt.Sprintf("no setting can be read into a %s", t),
		Want:    `change the field's type, or exclude it with koanf:"-"`,
	})
}

// lookUp is the value of key with the environment's override, and makes the
// key known.
func (b *binder) lookUp(key string, n *node) *node {
	b.cfg.asked.add(key)
	v := b.cfg.override(key, n)
	if v != nil && v.origin.Env != "" && strings.Contains(key, "[") {
		b.cfg.asked.addElement(key)
	}
	return v
}

// resolve replaces the placeholders of n; found is nil if that failed.
func (b *binder) resolve(key string, n *node) (found *node, foundAt string) {
	e := expander{cfg: b.cfg, count: b.placeholders}
	found, foundAt, err := e.resolve(key, n)
	b.placeholders = e.count
	if err != nil {
		b.fail(err)
		return nil, ""
	}
	return found, foundAt
}

// follow reads a group or list at target, to which the placeholder of key
// refers unless they are the same.
func (b *binder) follow(key string, origin Origin, target string, read func() bool) bool {
	if canonicalKey(key) == canonicalKey(target) {
		return read()
	}
	b.refs = append(b.refs, step{key: key, written: key, origin: origin})
	defer func() { b.refs = b.refs[:len(b.refs)-1] }()
	for i, ref := range b.refs {
		if isBelow(canonicalKey(ref.key), canonicalKey(target)) {
			return b.fail(cycleError(b.refs[i:], target))
		}
	}
	return read()
}

func (b *binder) single(v reflect.Value, key string, n *node) bool {
	n = b.lookUp(key, n)
	if n == nil {
		return false
	}
	found, _ := b.resolve(key, n)
	if found == nil || found.isCleared() {
		return false
	}
	if !found.isScalar() {
		return b.fail(&Error{
			Origin: n.origin, Key: n.writtenKey(key),
			Message: found.describe() + " is where a single value is needed",
			Want:    wantOf(v.Type()),
		})
	}
	if err := setSingle(v, found); err != nil {
		wrong := err.of(key, found)
		if found.short != nil {
			wrong.Want = found.short.Want
		}
		return b.fail(wrong)
	}
	return true
}

// pointer fills what v points to, or something new if that is nothing yet and
// there is a value for it.
func (b *binder) pointer(v reflect.Value, key string, n *node) bool {
	if !v.IsNil() {
		return b.bind(v.Elem(), key, n)
	}
	t := v.Type().Elem()
	if n == nil && slices.Contains(b.types, t) && len(b.cfg.environment().below(key)) == 0 {
		return false // a type that contains itself
	}
	return b.section(v, func(target reflect.Value) bool { return b.bind(target, key, n) })
}

// section reads what a nil pointer may point to. If nothing of it is set, the
// section is absent: it need not be valid then.
func (b *binder) section(v reflect.Value, read func(target reflect.Value) bool) bool {
	fresh := reflect.New(v.Type().Elem())
	outer := b.optional
	b.optional = []func(){}
	present := read(fresh.Elem())
	checks := b.optional
	b.optional = outer
	if !present {
		return false
	}
	v.Set(fresh)
	for _, check := range checks {
		b.check(check)
	}
	return true
}

// check runs a check of a struct, or a default, unless the section that it is in
// may turn out to be absent: then it waits.
func (b *binder) check(run func()) {
	if b.optional != nil {
		b.optional = append(b.optional, run)
		return
	}
	run()
}

// anything reads what is there as it is.
func (b *binder) anything(v reflect.Value, key string, n *node) bool {
	if !n.isGroup() {
		if n = b.lookUp(key, n); n == nil {
			n = b.cfg.environment().onlyBelow(key)
		}
		if n == nil {
			return false
		}
	}
	b.cfg.asked.addWhole(key)
	value, ok := b.plain(key, n)
	if ok {
		v.Set(reflect.ValueOf(value))
	}
	return ok
}

// plain converts n to a string, bool, number, []any or map[string]any.
func (b *binder) plain(key string, n *node) (value any, ok bool) {
	found, foundAt := b.resolve(key, n)
	if found == nil {
		return nil, false
	}
	if found.isScalar() {
		if name, is := found.value.(unsupported); is {
			return nil, b.fail(name.err().of(key, found))
		}
		return found.value, true
	}
	defer b.record.enterValue()()
	ok = b.follow(key, n.origin, foundAt, func() bool {
		if found.list != nil {
			list := []any{}
			b.list(reflect.ValueOf(&list).Elem(), foundAt, found)
			value = list
			return true
		}
		group := map[string]any{}
		b.mapping(reflect.ValueOf(&group).Elem(), foundAt, found)
		value = group
		return true
	})
	return value, ok
}
