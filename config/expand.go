// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"

	"github.com/pyfly-go/pyfly/internal/secret"
)

// The limits of what one value may grow to, so that placeholders which double
// each other end in an error and not in all of the memory.
const (
	maxPlaceholders = 10_000
	maxExpanded     = 1 << 20
)

// Expand replaces the placeholders of a text that is no setting itself, such as
// one of a struct tag, as those of settings are. Its error is an [*Error].
func (c *Config) Expand(s string) (string, error) {
	e := expander{cfg: c}
	n, err := e.text(s)
	if err != nil {
		return "", err
	}
	if !n.isScalar() {
		return "", &Error{
			Message: fmt.Sprintf("%s is %s and cannot be part of a text", s, n.describe()),
			Want:    "refer to a single value",
		}
	}
	return n.literal(), nil
}

// expander replaces the placeholders of one value.
type expander struct {
	cfg   *Config
	path  []step // the keys that are being expanded, outermost first
	count int

	asWritten bool // the keys that short forms of variables stand for are not looked up
	isSilent  bool // what is looked up does not become known
	redacts   bool // the values of placeholders that name a secret are hidden
}

type step struct {
	key     string
	written string // the key as the file has it: that of a short form, if it is one
	origin  Origin
}

// resolve returns what the value of key stands for and, if that is a list or a
// group, the key it was found at. A scalar keeps the place of n.
func (e *expander) resolve(key string, n *node) (*node, string, *Error) {
	text, isText := n.value.(string)
	if !n.isScalar() || !isText || n.final || !strings.Contains(text, "${") {
		return n, key, nil
	}
	for i, s := range e.path {
		if canonicalKey(s.key) == canonicalKey(key) {
			return nil, "", cycleError(e.path[i:], key)
		}
	}
	e.path = append(e.path, step{key, n.writtenKey(key), n.origin})
	defer func() { e.path = e.path[:len(e.path)-1] }()

	parts, err := parseParts(text)
	if err != nil {
		if looksSecret(key) {
			err.Message = "a placeholder in this secret is not complete"
		}
		return nil, "", e.here(err)
	}
	if len(parts) == 1 && parts[0].isPlaceholder {
		found, foundAt, err := e.placeholder(parts[0])
		if err != nil || !found.isScalar() {
			return found, foundAt, err
		}
		value := *found
		value.name, value.origin, value.short, value.via = n.name, n.origin, n.short, parts[0].text
		return &value, key, nil
	}
	value, err := e.join(parts)
	if err != nil {
		return nil, "", err
	}
	value.name, value.origin, value.short = n.name, n.origin, n.short
	return value, key, nil
}

// text expands a text that is not the value of a key, such as a default.
func (e *expander) text(text string) (*node, *Error) {
	parts, err := parseParts(text)
	if err != nil {
		return nil, e.here(err)
	}
	if len(parts) == 1 && parts[0].isPlaceholder {
		found, _, err := e.placeholder(parts[0])
		return found, err
	}
	return e.join(parts)
}

// join makes one text of several parts.
func (e *expander) join(parts []part) (*node, *Error) {
	var b strings.Builder
	joined := &node{}
	for _, p := range parts {
		if !p.isPlaceholder {
			b.WriteString(p.literal)
			continue
		}
		found, _, err := e.placeholder(p)
		if err != nil {
			return nil, err
		}
		if !found.isScalar() {
			return nil, e.here(&Error{
				Message: fmt.Sprintf("%s is %s and cannot be part of a text", p.text, found.describe()),
				Want:    "refer to a single value",
			})
		}
		b.WriteString(found.literal())
		joined.secret = joined.secret || found.secret
		if b.Len() > maxExpanded {
			return nil, e.tooMuch()
		}
	}
	joined.value = b.String()
	return joined, nil
}

// placeholder returns what p stands for, hidden if that is asked for.
func (e *expander) placeholder(p part) (*node, string, *Error) {
	found, foundAt, err := e.target(p)
	if err == nil && e.redacts && found.isScalar() && found.secret {
		found = &node{value: secret.Value(found.literal())}
	}
	return found, foundAt, err
}

// target looks up what p refers to: a key, else an environment variable, else
// its default.
func (e *expander) target(p part) (*node, string, *Error) {
	if e.count++; e.count > maxPlaceholders {
		return nil, "", e.tooMuch()
	}
	name, err := e.name(p)
	if err != nil {
		return nil, "", err
	}
	if !e.isSilent {
		e.cfg.asked.add(name)
	}
	target, itself := e.lookUp(name), e.isItself(name)
	if target != nil && !itself {
		found, foundAt, err := e.resolve(name, target)
		return found.markSecret(looksSecret(name)), foundAt, err
	}
	if value, ok := e.cfg.environment.all[name]; ok {
		return &node{value: value, place: place{secret: looksSecret(name)}}, name, nil
	}
	if p.hasFallback {
		found, err := e.text(p.fallback)
		return found.markSecret(looksSecret(name)), name, err
	}
	if itself {
		return nil, "", cycleError(e.path[len(e.path)-1:], name)
	}
	return nil, "", e.here(&Error{
		Message: fmt.Sprintf("%s is neither a key nor an environment variable", p.text),
		Want:    fmt.Sprintf("set %s, or give a default: ${%s:...}", name, name),
	})
}

func (e *expander) lookUp(key string) *node {
	n := e.cfg.find(key)
	if e.asWritten {
		return e.cfg.overrideAsWritten(key, n)
	}
	return e.cfg.override(key, n)
}

// name is what a placeholder refers to; it may depend on another: ${db.${stage}}.
func (e *expander) name(p part) (string, *Error) {
	if !strings.Contains(p.name, "${") {
		return p.name, nil
	}
	n, err := e.text(p.name)
	if err != nil {
		return "", err
	}
	if !n.isScalar() {
		return "", e.here(&Error{Message: p.text + " names " + n.describe(), Want: "refer to a single value"})
	}
	return n.literal(), nil
}

// isItself reports whether name is the key whose value is being expanded.
func (e *expander) isItself(name string) bool {
	if len(e.path) == 0 {
		return false
	}
	key, _, _ := strings.Cut(e.path[len(e.path)-1].key, "[")
	return canonicalKey(key) == canonicalKey(name)
}

// here places an error at the key that is being expanded.
func (e *expander) here(err *Error) *Error {
	if len(e.path) == 0 {
		return err
	}
	at := e.path[len(e.path)-1]
	return err.at(at.written, at.origin)
}

// cycleError reports that the keys of a path refer to each other and the last
// of them to again.
func cycleError(path []step, again string) *Error {
	var text strings.Builder
	for _, s := range path {
		text.WriteString(s.key + " -> ")
	}
	if canonicalKey(path[0].key) == canonicalKey(again) {
		again = path[0].key
	}
	return &Error{
		Origin:  path[0].origin,
		Key:     path[0].key,
		Message: "placeholders refer to each other in a circle: " + text.String() + again,
		Want:    "give one of these keys a value without a placeholder",
	}
}

func (e *expander) tooMuch() *Error {
	return e.here(&Error{
		Message: fmt.Sprintf("the placeholders of this value expand to more than %d others or %d bytes", maxPlaceholders, maxExpanded),
		Want:    "look for keys that refer to others several times",
	})
}

// markSecret returns n, or a copy of it whose value must not be shown.
func (n *node) markSecret(isSecret bool) *node {
	if n == nil || !isSecret || n.secret {
		return n
	}
	marked := *n
	marked.secret = true
	return &marked
}

func (n *node) describe() string {
	switch {
	case n.group != nil:
		return "a group of keys"
	case n.list != nil:
		return "a list"
	}
	return "a single value"
}
