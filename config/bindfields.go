// SPDX-License-Identifier: Apache-2.0

package config

import (
	"reflect"
	"slices"
)

// Field is a field, or an entry of a map, that [Config.BindFields] has set.
type Field struct {
	Name   string // the path below the prefix, as the struct has it: "retry.max-attempts"
	Key    string // the prefix and the name
	Origin Origin // where the value was written
	Value  any    // as it was read
	Text   string // the value as it may be shown, see [Config.Redacted]
}

// BindFields fills a struct as [Config.Bind] does and returns the fields that are
// set, in the order of the struct, each with its origin. It is for settings that
// several groups of keys provide, one over the other: bind the groups one after
// the other into the same struct, and check the result. BindFields does not call
// Validate. A list is one field, and so is an any. Fields with one of the names in except, at any
// depth, are left alone.
//
// The error is that of Bind. Fields that could be read are set, and returned, even
// so.
func (c *Config) BindFields(prefix string, target any, except ...string) ([]Field, error) {
	b := newBinder(c)
	b.record = &fieldRecord{prefix: prefix, except: except}
	b.root(prefix, target)
	return b.record.fields, b.err()
}

// fieldRecord notes the fields that a binder sets. Its methods may be called on a
// nil record, which notes nothing.
type fieldRecord struct {
	prefix string
	except []string
	fields []Field

	path   string // of the field that is being read
	inside int    // how many lists and anys it is inside of
}

func (r *fieldRecord) leavesOut(f field) bool {
	return r != nil && !f.squash && slices.Contains(r.except, f.name)
}

// enter goes to a field or an entry of a map. The result goes back.
func (r *fieldRecord) enter(name string) (leave func()) {
	if r == nil {
		return func() {}
	}
	before := r.path
	r.path = joinKey(before, name)
	return func() { r.path = before }
}

// enterValue goes inside of what is one field: a list, or whatever an any holds. The
// result goes back.
func (r *fieldRecord) enterValue() (leave func()) {
	if r == nil {
		return func() {}
	}
	r.inside++
	return func() { r.inside-- }
}

// recorded notes that v is set to what key says, if it is. It returns isSet.
func (b *binder) recorded(v reflect.Value, key string, n *node, isSet bool) bool {
	r := b.record
	if r == nil || !isSet || r.inside > 0 {
		return isSet
	}
	field := Field{Name: r.path, Key: joinKey(r.prefix, r.path), Value: v.Interface(), Text: b.cfg.redacted(key, n)}
	if n = b.cfg.override(key, n); n != nil {
		field.Origin = n.origin
	} else {
		field.Origin = b.cfg.environment().originOf(key)
	}
	r.fields = append(r.fields, field)
	return isSet
}
