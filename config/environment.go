// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"maps"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ownPrefix begins the names of variables that set keys of any prefix.
const ownPrefix = "PYFLY_"

// environment is a snapshot of the process environment. It does not change.
type environment struct {
	all       map[string]string     // for placeholders, by exact name
	overrides map[string][]variable // for keys, by their letters and digits
	prefixes  []string              // canonical, of keys that PYFLY_ is not a part of
}

// variable is an environment variable that sets a key.
type variable struct {
	name   string
	value  string
	setsAs string // the part of the name that stands for a key
}

// readEnvironment takes the snapshot. Variables that begin with one of the
// prefixes and an underscore override settings.
func readEnvironment(prefixes ...string) *environment {
	all := os.Environ()
	e := &environment{all: make(map[string]string, len(all)), overrides: map[string][]variable{}}
	for _, entry := range all {
		name, text, isVariable := strings.Cut(entry, "=")
		if !isVariable {
			continue
		}
		e.all[name] = text
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(name, p+"_") }) {
			e.add(variable{name, text, name})
		}
	}
	return e
}

// withPrefix returns an environment in which PYFLY_SHOP_NAME also sets
// shop.name, for the prefix shop.
func (e *environment) withPrefix(prefix string) *environment {
	more := &environment{all: e.all, overrides: maps.Clone(e.overrides), prefixes: append(slices.Clip(e.prefixes), canonicalKey(prefix))}
	for _, same := range e.overrides {
		for _, v := range same {
			rest, isOurs := strings.CutPrefix(v.name, ownPrefix)
			if !isOurs || v.setsAs != v.name {
				continue
			}
			if _, ok := cutKey(rest, prefix); ok {
				more.add(variable{v.name, v.value, rest})
			}
		}
	}
	return more
}

func (e *environment) add(v variable) {
	letters := lettersOf(v.setsAs)
	if slices.Contains(e.overrides[letters], v) {
		return
	}
	same := append(slices.Clip(e.overrides[letters]), v)
	slices.SortFunc(same, byPrecedence)
	e.overrides[letters] = same
}

// byPrecedence puts first a name that stands for the key as a whole, then the
// spelling with more underscores.
func byPrecedence(a, b variable) int {
	return cmp.Or(
		cmp.Compare(len(a.name)-len(a.setsAs), len(b.name)-len(b.setsAs)),
		cmp.Compare(strings.Count(b.setsAs, "_"), strings.Count(a.setsAs, "_")),
		cmp.Compare(a.name, b.name),
	)
}

// lookUp returns the variable that sets key.
func (e *environment) lookUp(key string) (variable, bool) {
	for _, v := range e.overrides[lettersOf(key)] {
		if rest, ok := cutKey(v.setsAs, key); ok && rest == "" {
			return v, true
		}
	}
	return variable{}, false
}

// node returns the value of the variable that sets key, or nil.
func (e *environment) node(key string) *node {
	v, ok := e.lookUp(key)
	if !ok {
		return nil
	}
	return v.node()
}

func (v variable) node() *node {
	return &node{place: place{origin: Origin{Env: v.name}}, value: v.value}
}

// below returns what the names of variables have after key and an underscore,
// sorted: for the key a.headers and the variable A_HEADERS_X_ID, "X_ID".
func (e *environment) below(key string) []string {
	var rests []string
	for _, same := range e.overrides {
		for _, v := range same {
			if rest, ok := cutKey(v.setsAs, key); ok && rest != "" {
				rests = append(rests, rest)
			}
		}
	}
	slices.Sort(rests)
	return slices.Compact(rests)
}

// onlyBelow returns what a key is that variables set keys below of: an empty list
// or an empty group. It is nil if there are none.
func (e *environment) onlyBelow(key string) *node {
	switch below := e.below(key); {
	case len(below) == 0:
		return nil
	case len(e.indices(key)) == len(below):
		return &node{list: []*node{}}
	}
	return &node{group: map[string]*node{}}
}

// variables returns all that override settings, sorted by name; what a name may
// stand for beside itself comes first.
func (e *environment) variables() []variable {
	var all []variable
	for _, same := range e.overrides {
		all = append(all, same...)
	}
	slices.SortFunc(all, func(a, b variable) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(len(a.setsAs), len(b.setsAs)))
	})
	return all
}

// lettersOf returns the letters and digits of a key, or of a variable's name, in
// lower case.
func lettersOf(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// cutKey matches the name of a variable with a key and returns the rest of the
// name without the underscore before it. Underscores of the name may stand for
// anything in the key but letters and digits, or for nothing, as dashes and case
// do not tell keys apart. What tells segments apart, as a dot, must be an
// underscore.
func cutKey(name, key string) (rest string, ok bool) {
	if key == "" {
		return name, true
	}
	hasBegun, isNewSegment := false, false
	for _, c := range key {
		switch {
		case c == '-' || c == '_':
			continue
		case !unicode.IsLetter(c) && !unicode.IsDigit(c):
			isNewSegment = hasBegun
			continue
		}
		word := strings.TrimLeft(name, "_")
		first, size := utf8.DecodeRuneInString(word)
		if isNewSegment && word == name || unicode.ToLower(first) != unicode.ToLower(c) {
			return "", false
		}
		name, hasBegun, isNewSegment = word[size:], true, false
	}
	if !hasBegun || name != "" && name[0] != '_' {
		return "", false
	}
	return strings.Trim(name, "_"), true
}

// keyOfVariable guesses the key that a variable was meant to set.
func keyOfVariable(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", ".")
}

// unlike returns one variable for each name that is not in a set. Of what a name
// may stand for, what was not meant for pyfly is taken.
func (e *environment) unlike(set map[string]bool) []variable {
	return slices.CompactFunc(
		slices.DeleteFunc(e.variables(), func(v variable) bool { return set[v.name] }),
		func(a, b variable) bool { return a.name == b.name })
}

// key is the key that a variable sets, as it has been asked for, or a guess.
func (v variable) key(asked []askedKey) string {
	for _, known := range asked {
		if rest, ok := cutKey(v.setsAs, known.key); ok && rest == "" {
			return known.key
		}
	}
	return keyOfVariable(v.setsAs)
}
