// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"os"
	"slices"
	"strings"
)

// environment is a snapshot of the process environment.
type environment struct {
	all       map[string]string     // for placeholders, by exact name
	overrides map[string][]variable // for keys, by the name's letters and digits
}

// variable is an environment variable that sets a key.
type variable struct {
	name  string
	value string
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
			letters := lettersOf(name)
			e.overrides[letters] = append(e.overrides[letters], variable{name, text})
		}
	}
	for _, same := range e.overrides {
		slices.SortFunc(same, byPrecedence)
	}
	return e
}

// byPrecedence puts first the spelling with more underscores.
func byPrecedence(a, b variable) int {
	return cmp.Or(
		cmp.Compare(strings.Count(b.name, "_"), strings.Count(a.name, "_")),
		cmp.Compare(a.name, b.name),
	)
}

// lookUp returns the variable that sets key.
func (e *environment) lookUp(key string) (variable, bool) {
	for _, v := range e.overrides[lettersOf(key)] {
		if rest, ok := cutKey(v.name, key); ok && rest == "" {
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
	return &node{place: place{origin: Origin{Env: v.name}}, value: v.value}
}

// below returns what the names of variables have after key and an underscore,
// sorted: for the key a.headers and the variable A_HEADERS_X_ID, "X_ID".
func (e *environment) below(key string) []string {
	var rests []string
	for _, same := range e.overrides {
		for _, v := range same {
			if rest, ok := cutKey(v.name, key); ok && len(rest) > 1 {
				rests = append(rests, rest[1:])
			}
		}
	}
	slices.Sort(rests)
	return rests
}

// variables returns all that override settings, sorted by name.
func (e *environment) variables() []variable {
	var all []variable
	for _, same := range e.overrides {
		all = append(all, same...)
	}
	slices.SortFunc(all, func(a, b variable) int { return cmp.Compare(a.name, b.name) })
	return all
}

var withoutPunctuation = strings.NewReplacer(".", "", "-", "", "_", "")

func lettersOf(s string) string { return withoutPunctuation.Replace(strings.ToLower(s)) }

// cutKey matches the name of a variable with a key and returns the rest of the
// name, which is empty or begins with an underscore. Each dot of the key must be
// an underscore; a dash, an underscore or a camel hump may be one.
func cutKey(name, key string) (rest string, ok bool) {
	i := 0
	for j := range len(key) {
		atUnderscore := i < len(name) && name[i] == '_'
		switch c := key[j]; {
		case c == '.' && !atUnderscore:
			return "", false
		case c == '.':
			i++
		case c == '-' || c == '_':
			if atUnderscore {
				i++
			}
		default:
			if atUnderscore && 'A' <= c && c <= 'Z' {
				i++ // baseUrl as BASE_URL
			}
			if i >= len(name) || lower(name[i]) != lower(c) {
				return "", false
			}
			i++
		}
	}
	rest = name[i:]
	return rest, rest == "" || rest[0] == '_'
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// keyOfVariable guesses the key that a variable was meant to set.
func keyOfVariable(name string) string {
	return strings.ReplaceAll(strings.ToLower(name), "_", ".")
}
