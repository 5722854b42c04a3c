// SPDX-License-Identifier: Apache-2.0

package config

import (
	"maps"
	"slices"
	"strings"
)

// ShortForm lets a single value stand for a group of keys. With the form
//
//	config.ShortForm{Key: "shop.cache", Switch: "enabled", Value: "max-size"}
//
// "cache: 100" is read as "cache: {enabled: true, max-size: 100}", and
// "cache: false" as "cache: {enabled: false}". A placeholder that refers to a
// group, "cache: ${caches.large}", is read as placeholders for the keys of that
// group, "cache: {max-size: ${caches.large.max-size}}"; a form with neither
// Switch nor Value allows nothing else. See [Config.AddShortForms].
type ShortForm struct {
	// Key is the key of the group. A segment may be *, which is any one
	// segment: "pyfly.client.services.*.retry". A form without Key is ignored.
	Key string
	// Switch is the key below the group that true and false set. Any other
	// value sets it to true. "" means that there is none.
	Switch string
	// Value is the key below the group that a value other than true and false
	// sets; without a Switch, every value. "" means that there is none: then
	// every value is that of Switch.
	Value string
	// Pairs says that the keys below the group are set by a text of names and
	// values, "X-Client: shop; X-Tenant: ${tenant}". Switch and Value do not count
	// then.
	Pairs bool
	// Want says what to write where the short form stands, for errors about
	// its value: "write true, false or a number of entries".
	Want string
}

// AddShortForms makes c read short forms; those that it has already are
// ignored. A reader of settings calls it before it reads the groups. A Config
// that [Watch] reads anew has the short forms of the one before.
//
// The files, the environment and the maps given in code are each written out
// before the later wins, so that a short form replaces the keys that it stands
// for and leaves others of the group as they are. The value of a placeholder
// decides what its short form stands for. The keys have the origin of the short
// form, and an error about their value names the short form. A value that is no
// short form, such as a list, stays as it is.
func (c *Config) AddShortForms(forms ...ShortForm) {
	if len(newForms(c.merged.Load().forms, forms)) == 0 {
		return
	}
	c.adding.Lock()
	defer c.adding.Unlock()
	before := c.merged.Load()
	added := newForms(before.forms, forms)
	layers := make([]*layer, len(c.layers))
	for i, l := range c.layers {
		layers[i] = l.writtenOut(c, added)
	}
	c.layers = layers
	c.merged.Store(&merged{merge(layers), append(slices.Clone(before.forms), added...), before.environment})
}

func newForms(known, forms []ShortForm) []ShortForm {
	return slices.DeleteFunc(slices.Clone(forms), func(f ShortForm) bool { return slices.Contains(known, f) })
}

// writtenOut returns the layer with long forms in the place of short ones.
func (l *layer) writtenOut(c *Config, forms []ShortForm) *layer {
	out := &layer{tree: l.tree, places: maps.Clone(l.places)}
	for _, f := range forms {
		if f.Key == "" {
			continue
		}
		out.tree = out.writeOut(out.tree, "", f.pattern(), func(key string, value any) any {
			return out.long(c, &f, key, value)
		})
	}
	return out
}

// writeOut replaces the scalars whose keys match a pattern. The tree is copied
// where it changes.
func (l *layer) writeOut(tree map[string]any, path string, pattern []string, long func(key string, value any) any) map[string]any {
	written := maps.Clone(tree)
	for segment, value := range tree {
		if pattern[0] != anySegment && pattern[0] != segment {
			continue
		}
		key := joinKey(path, segment)
		switch value := value.(type) {
		case map[string]any:
			if len(pattern) > 1 {
				written[segment] = l.writeOut(value, key, pattern[1:], long)
			}
		case []any:
		default:
			if len(pattern) == 1 {
				written[segment] = long(key, value)
			}
		}
	}
	return written
}

// long returns the group that a short form stands for, and notes its places, or
// the value if it is no short form.
func (l *layer) long(c *Config, f *ShortForm, key string, value any) any {
	at := l.places[key]
	n := &node{place: at, value: value}
	long := f.long(c, key, n)
	if long == nil {
		long = placeholdersOf(c, key, n)
	}
	if long == nil {
		return value
	}
	l.places[key] = place{name: at.name, origin: at.origin, group: true}
	group := map[string]any{}
	for name, n := range long {
		segment := canonicalSegment(name)
		group[segment] = n.value
		l.places[joinKey(key, segment)] = n.place
	}
	return group
}

// long returns, by name, the keys that a value stands for, or nil if it is no
// short form.
func (f *ShortForm) long(c *Config, key string, n *node) map[string]*node {
	if f.Pairs {
		return f.pairs(n)
	}
	found, _ := c.asWritten(key, n)
	if found == nil {
		found = n // to be reported when it is read
	}
	if !found.isScalar() || f.Switch == "" && f.Value == "" {
		return nil
	}
	written := func(name string) *node {
		long := *found
		long.name, long.short = name, f
		return &long
	}
	_, notSwitch := boolOf(found)
	switch {
	case f.Switch == "":
		return map[string]*node{f.Value: written(f.Value)}
	case f.Value == "" || notSwitch == nil:
		return map[string]*node{f.Switch: written(f.Switch)}
	}
	on := &node{place: place{name: f.Switch, origin: n.origin, short: f}, value: true}
	return map[string]*node{f.Switch: on, f.Value: written(f.Value)}
}

// placeholdersOf returns, by name, placeholders for the keys of the group that a
// placeholder refers to, or nil if it refers to none.
func placeholdersOf(c *Config, key string, n *node) map[string]*node {
	group, at := c.asWritten(key, n)
	if !group.isGroup() {
		return nil
	}
	all := map[string]*node{}
	for _, child := range group.children() {
		all[child.name] = &node{place: place{name: child.name, origin: n.origin}, value: reference(joinKey(at, child.name))}
	}
	return all
}

// asWritten returns what n stands for with its placeholders replaced, or nil if
// that is not possible, and the key where it was found.
func (c *Config) asWritten(key string, n *node) (found *node, foundAt string) {
	e := expander{cfg: c, asWritten: true}
	found, foundAt, err := e.resolve(key, n)
	if err != nil {
		return nil, ""
	}
	if found != n && found.isScalar() {
		final := *found
		final.final = true
		found = &final
	}
	return found, foundAt
}

const anySegment = "*"

func (f *ShortForm) pattern() []string { return canonicalPath(splitKey(f.Key)) }

func (f *ShortForm) matches(key string) bool {
	return slices.EqualFunc(f.pattern(), canonicalPath(splitKey(key)), func(pattern, segment string) bool {
		return pattern == anySegment || pattern == segment
	})
}

// shortVariable returns, by name, the keys that a variable sets in a short
// form, if there is one for the group at key.
func (c *Config) shortVariable(key string) map[string]*node {
	v := c.environment().node(key)
	if v == nil {
		return nil
	}
	f := c.formOf(key)
	if f == nil {
		return nil
	}
	long := f.long(c, key, v)
	if long != nil {
		c.asked.add(key)
	}
	return long
}

// notAGroup returns the variable that sets the group at key, and is no short form
// of it, if there is one. A variable of a group that has any name is not looked
// for: A_B_RETRY may be meant for a.b.retry, and not for a.b-retry.
func (c *Config) notAGroup(key string) *node {
	v := c.environment().node(key)
	if v == nil {
		return nil
	}
	f := c.formOf(key)
	if f == nil || strings.HasSuffix(f.Key, anySegment) || f.long(c, key, v) != nil {
		return nil
	}
	return v
}

func (c *Config) formOf(key string) *ShortForm {
	forms := c.merged.Load().forms
	i := slices.IndexFunc(forms, func(f ShortForm) bool { return f.matches(key) })
	if i < 0 {
		return nil
	}
	return &forms[i]
}

// fromShortVariable returns the value of a key that a variable sets in a short
// form of the group around it, or nil.
func (c *Config) fromShortVariable(key string) *node {
	group, last := cutLast(key)
	for name, n := range c.shortVariable(group) {
		if canonicalSegment(name) == canonicalSegment(last) {
			return n
		}
	}
	return nil
}

// writtenKey is the key under which n was written: that of the group, if it is a
// short form.
func (n *node) writtenKey(key string) string {
	if n.short != nil {
		key, _ = cutLast(key)
	}
	return key
}

// cutLast splits the last segment off a key.
func cutLast(key string) (group, last string) {
	i := strings.LastIndexByte(key, '.')
	return key[:max(i, 0)], key[i+1:]
}
