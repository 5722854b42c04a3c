// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"reflect"
	"runtime"
	"strings"

	"github.com/pyfly-go/pyfly/internal/naming"
	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// structure fills a struct from the group at key, or from what a placeholder
// there refers to.
func (b *binder) structure(v reflect.Value, key string, n *node) bool {
	return b.group(key, n, func(key string, n *node) bool { return b.fields(v, key, n) })
}

// group calls read with the group of keys at key. n is nil if only the
// environment can hold it.
func (b *binder) group(key string, n *node, read func(key string, n *node) bool) bool {
	if n == nil || n.isGroup() {
		if v := b.cfg.notAGroup(key); v != nil && !n.isCode() {
			return b.fail(b.notAGroup(key, v).of(key, v))
		}
		return read(key, n)
	}
	b.cfg.asked.add(key)
	found, foundAt := b.resolve(key, n)
	switch {
	case found == nil:
		return false
	case found.isGroup(), found.isCleared():
		return b.follow(key, n.origin, foundAt, func() bool { return read(foundAt, found) })
	case found.list != nil:
		return b.fail(&Error{
			Origin: n.origin, Key: key,
			Message: "a list is where a group of keys is needed", Want: "write keys and values below it",
		})
	}
	return b.fail(b.notAGroup(key, found).of(key, found))
}

func (b *binder) notAGroup(key string, n *node) *Error {
	want, value := "write keys and values below it", n.literal()
	if f := b.cfg.formOf(key); f != nil && f.Pairs {
		want = f.Want + ", or keys and values below it"
		if secret.Name(value) { // one of the names in it
			value = secret.Hidden
		}
	}
	return wrongValue(value, "is where a group of keys is needed", want)
}

// fields fills the fields of a struct and lets it check itself.
func (b *binder) fields(v reflect.Value, key string, n *node) bool {
	b.types = append(b.types, v.Type())
	defer func() { b.types = b.types[:len(b.types)-1] }()
	before := len(b.errs)
	present := b.eachField(v, key, n)
	if len(b.errs) == before {
		b.check(func() { b.validate(v, key) })
	}
	return present
}

func (b *binder) eachField(v reflect.Value, key string, n *node) (present bool) {
	zeros, _ := methodsOf(v).(ExplicitZero)
	for i := range v.NumField() {
		f := fieldOf(v.Type().Field(i))
		if f.skip || b.record.leavesOut(f) {
			continue
		}
		if f.squash {
			present = b.squashed(v.Field(i), v, key, n) || present
			continue
		}
		leave := b.record.enter(f.name)
		isSet := b.field(v.Field(i), joinKey(key, f.name), n.find(f.name), f)
		leave()
		if isSet && zeros != nil && v.Field(i).IsZero() {
			b.tellZero(zeros, key, f.name)
		}
		present = isSet || present
	}
	return present
}

func (b *binder) tellZero(zeros ExplicitZero, key, name string) {
	err := usercode.Call(func() error { zeros.SetExplicitZero(name); return nil })
	if err != nil {
		key = joinKey(key, name)
		b.fail(&Error{Key: key, Origin: b.cfg.originOf(key), Message: "SetExplicitZero: " + err.Error(), Err: err})
	}
}

// field fills one field; if its key is not set, the default of its tag counts.
func (b *binder) field(v reflect.Value, key string, n *node, f field) bool {
	before := len(b.errs)
	present := b.bind(v, key, n)
	if !present && len(b.errs) == before && f.hasFallback && v.IsZero() {
		// Not at key: the environment has been asked, and the tag is no origin.
		tag := &node{value: f.fallback, place: place{secret: looksSecret(key)}}
		fresh := reflect.New(v.Type()).Elem()
		inTag := &binder{cfg: b.cfg}
		if inTag.bind(fresh, "", tag) {
			v.Set(fresh)
		}
		if len(inTag.errs) > 0 {
			b.check(func() { b.defaultErrors(key, inTag.errs) })
		}
	}
	return present
}

func (b *binder) defaultErrors(key string, errs []error) {
	for _, err := range errs {
		var wrong *Error
		if errors.As(err, &wrong) {
			placed := wrong.at(key, Origin{})
			placed.Message = "the default of the field's tag: " + placed.Message
			b.fail(placed)
		}
	}
}

// squashed fills a struct, or what a pointer to one points to, whose fields
// count as the outer's. If the outer struct can check itself, its check counts
// for both: it may be this one's, promoted.
func (b *binder) squashed(v, outer reflect.Value, key string, n *node) bool {
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return b.section(v, func(target reflect.Value) bool { return b.squashed(target, outer, key, n) })
	}
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	before := len(b.errs)
	present := b.eachField(v, key, n)
	if _, checksItself := methodsOf(outer).(validator); !checksItself && len(b.errs) == before {
		b.check(func() { b.validate(v, key) })
	}
	return present
}

// validate asks a struct that can check itself.
func (b *binder) validate(v reflect.Value, key string) {
	checked, ok := methodsOf(v).(validator)
	if !ok || b.record != nil || isOfAbsent(v) {
		return
	}
	for _, err := range parts(usercode.Call(checked.Validate)) {
		placed := &Error{Key: key, Origin: b.cfg.originOf(key), Message: withoutSecrets(err.Error()), Err: err}
		if name, rest, found := strings.Cut(err.Error(), ": "); found && hasField(v.Type(), name) {
			placed.Key, placed.Message = joinKey(key, name), withoutSecrets(rest)
			placed.Origin = b.cfg.originOf(placed.Key)
		}
		b.fail(placed)
	}
}

// methodsOf returns a pointer to a struct as what it implements, even if the
// struct is embedded and its type not exported.
func methodsOf(v reflect.Value) any {
	return reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Interface()
}

// isOfAbsent reports whether the Validate of a struct is that of an embedded
// pointer that is nil: of a section that is absent.
func isOfAbsent(v reflect.Value) bool {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.Anonymous && f.Type.Kind() == reflect.Pointer && v.Field(i).IsNil() && f.Type.Implements(validatorType) {
			return !declaresValidate(v.Type())
		}
	}
	return false
}

var validatorType = reflect.TypeFor[validator]()

// declaresValidate reports whether a type has a Validate of its own, and not by
// embedding: the compiler generates those. The name is a constant, so that the
// linker can leave other methods out.
func declaresValidate(t reflect.Type) bool {
	for _, t := range []reflect.Type{t, reflect.PointerTo(t)} {
		if m, ok := t.MethodByName("Validate"); ok {
			pc := m.Func.Pointer()
			if file, _ := runtime.FuncForPC(pc).FileLine(pc); file != "<autogenerated>" {
				return true
			}
		}
	}
	return false
}

// parts returns the errors that errors.Join joined.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, part := range joined.Unwrap() {
		all = append(all, parts(part)...)
	}
	return all
}

// field is what the tags of a struct's field say.
type field struct {
	name        string
	squash      bool
	skip        bool
	fallback    string
	hasFallback bool
}

func fieldOf(f reflect.StructField) field {
	tag := f.Tag.Get("koanf")
	name, options, _ := strings.Cut(tag, ",")
	if name == "" {
		name = naming.KebabCase(f.Name)
	}
	fallback, hasFallback := f.Tag.Lookup("default")
	squash := strings.Contains(","+options+",", ",squash,") && isStructural(f.Type)
	// The exported fields of an embedded struct can be set even if its type
	// is not exported; a nil pointer to such a struct cannot.
	reachable := f.IsExported() || squash && f.Anonymous && f.Type.Kind() == reflect.Struct
	return field{
		name: name, squash: squash, skip: tag == "-" || !reachable,
		fallback: fallback, hasFallback: hasFallback,
	}
}

func isStructural(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

func hasField(t reflect.Type, name string) bool {
	for i := range t.NumField() {
		f := fieldOf(t.Field(i))
		inner := t.Field(i).Type
		if f.squash && inner.Kind() == reflect.Struct && hasField(inner, name) || !f.skip && f.name == name {
			return true
		}
	}
	return false
}
