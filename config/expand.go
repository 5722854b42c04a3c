// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/pyfly-go/pyfly/internal/placeholder"
	"github.com/pyfly-go/pyfly/internal/secret"
)

// The limits of what one value may grow to, so that placeholders which double
// each other end in an error and not in all of the memory.
const (
	maxPlaceholders = 10_000
	maxExpanded     = 1 << 20
)

// Expand replaces the placeholders of a text that is not a setting, such as a struct
// tag, in the same way as those of settings. Its error is an [*Error].
func (c *Config) Expand(s string) (string, error) {
	e := expander{cfg: c}
	n, err := e.text(s)
	if err != nil {
		return "", err
	}
	if !n.isScalar() {
		return "", &Error{
			Message: fmt.Sprintf("%s is %s and cannot be part of a text", placeholder.WithoutDefaults(s), n.describe()),
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

	literals  int  // how many texts with other parts than placeholders are being expanded
	asWritten bool // the keys that short forms of variables stand for are not looked up
	isSilent  bool // what is looked up does not become known
	redacts   bool // the values of placeholders that name a secret are hidden
}

type step struct {
	key      string
	written  string // the key as the file has it: that of a short form, if it is one
	origin   Origin
	isSecret bool
}

// resolve returns what the value of key stands for and, if that is a list or a
// group, the key it was found at. A scalar keeps the place of n.
func (e *expander) resolve(key string, n *node) (*node, string, *Error) {
	if !n.hasPlaceholders() {
		return n, key, nil
	}
	for i, s := range e.path {
		if canonicalKey(s.key) == canonicalKey(key) {
			return nil, "", cycleError(e.path[i:], key)
		}
	}
	e.path = append(e.path, step{key, n.writtenKey(key), n.origin, n.secret || looksSecret(key)})
	defer func() { e.path = e.path[:len(e.path)-1] }()

	parts, err := e.partsOf(n)
	if err != nil {
		return nil, "", err
	}
	if len(parts) == 1 && parts[0].IsPlaceholder {
		found, foundAt, err := e.placeholder(parts[0])
		if err != nil || !found.isScalar() {
			return found, foundAt, err
		}
		value := *found
		value.via = placeholder.WithoutDefaults(parts[0].Source)
		value.standFor(n)
		return &value, key, nil
	}
	value, err := e.join(parts)
	if err != nil {
		return nil, "", err
	}
	value.standFor(n)
	return value, key, nil
}

// reference is the value of a key that stands for another key, whatever
// characters the name of that has.
type reference string

func (r reference) String() string { return "${" + string(r) + "}" }

func (n *node) hasPlaceholders() bool {
	if _, isReference := n.value.(reference); isReference {
		return true
	}
	text, isText := n.value.(string)
	return n.isScalar() && isText && !n.final && strings.Contains(text, "${")
}

func (e *expander) partsOf(n *node) ([]placeholder.Part, *Error) {
	if r, isReference := n.value.(reference); isReference {
		return []placeholder.Part{{IsPlaceholder: true, Name: string(r), Source: r.String()}}, nil
	}
	return e.parse(n.literal())
}

// standFor gives a value the place of the one that it replaces.
func (n *node) standFor(replaced *node) {
	n.name, n.origin, n.short, n.secret = replaced.name, replaced.origin, replaced.short, n.secret || replaced.secret
}

// parse splits a text at its placeholders.
func (e *expander) parse(text string) ([]placeholder.Part, *Error) {
	parts, err := placeholder.Parse(text)
	if err == nil {
		return parts, nil
	}
	return nil, e.here(incomplete(text, parts[len(parts)-1], err, e.isSecret()))
}

// incomplete reports a placeholder that is not complete. Of a text that may be a
// secret nothing is shown.
func incomplete(text string, p placeholder.Part, cause error, isSecret bool) *Error {
	begin := "${" + nameIn(p.Source)
	shown, want := "the placeholder "+begin+" is not closed", "close it with }, or write $${ for a literal ${"
	if errors.Is(cause, placeholder.ErrNameless) {
		begin = "${}"
		if p.HasDefault {
			begin = "${:...}"
		}
		shown, want = "the placeholder "+begin+" names nothing", "write ${name} or ${name:default}, or $${ for a literal ${"
	}
	if isSecret || !strings.Contains(withoutSecrets(text), "${") {
		shown = "a placeholder in this secret is not complete"
	}
	return &Error{Message: shown, Want: want}
}

// nameIn returns the name with which a placeholder begins.
func nameIn(source string) string {
	name := strings.TrimPrefix(source, "${")
	end := strings.IndexFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("._-", r)
	})
	if end < 0 {
		return name
	}
	return name[:end]
}

// text expands a text that is not the value of a key, such as a default.
func (e *expander) text(text string) (*node, *Error) {
	parts, err := e.parse(text)
	if err != nil {
		return nil, err
	}
	if len(parts) == 1 && parts[0].IsPlaceholder {
		found, _, err := e.placeholder(parts[0])
		return found, err
	}
	return e.join(parts)
}

// join makes one text of several parts.
func (e *expander) join(parts []placeholder.Part) (*node, *Error) {
	if slices.ContainsFunc(parts, func(p placeholder.Part) bool { return !p.IsPlaceholder }) {
		e.literals++
		defer func() { e.literals-- }()
	}
	var b strings.Builder
	joined := &node{}
	for _, p := range parts {
		if !p.IsPlaceholder {
			b.WriteString(p.Literal)
			continue
		}
		found, _, err := e.placeholder(p)
		if err != nil {
			return nil, err
		}
		if !found.isScalar() {
			return nil, e.here(&Error{
				Message: fmt.Sprintf("%s is %s and cannot be part of a text", e.shown(p), found.describe()),
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
func (e *expander) placeholder(p placeholder.Part) (*node, string, *Error) {
	found, foundAt, err := e.target(p)
	if err != nil || !e.redacts || !found.isScalar() {
		return found, foundAt, err
	}
	// What a value holds can be told here: in a text it is one part of several.
	switch text := found.literal(); {
	case found.secret:
		found = &node{value: secret.Value(text)}
	case withoutSecrets(text) != text:
		found = &node{value: withoutSecrets(text)}
	}
	return found, foundAt, nil
}

// target looks up what p refers to: a key, else an environment variable, else
// its default.
func (e *expander) target(p placeholder.Part) (*node, string, *Error) {
	if e.count++; e.count > maxPlaceholders {
		return nil, "", e.tooMuch()
	}
	name, err := e.name(p)
	if err != nil {
		return nil, "", err
	}
	target, itself := e.lookUp(name), e.isItself(name)
	isComputed := name != p.Name
	if !e.isSilent && (target != nil || !isComputed) { // what is computed may be a secret
		e.cfg.asked.add(name)
	}
	if target != nil && !itself {
		found, foundAt, err := e.resolve(name, target)
		return found.markSecret(looksSecret(name)), foundAt, err
	}
	if value, ok := e.cfg.environment().all[name]; ok {
		return &node{value: value, place: place{secret: looksSecret(name)}}, name, nil
	}
	if p.HasDefault {
		found, err := e.text(p.Default)
		return found.markSecret(looksSecret(name)), name, err
	}
	if itself {
		return nil, "", cycleError(e.path[len(e.path)-1:], name)
	}
	return nil, "", e.here(e.notFound(p, isComputed))
}

func (e *expander) notFound(p placeholder.Part, isComputed bool) *Error {
	err := &Error{Message: e.shown(p) + " is neither a key nor an environment variable"}
	switch {
	case e.hides():
		err.Want = "set what it names, or write $${ for a literal ${"
	case isComputed:
		err.Want = "set the key that it leads to, or give a default"
	default:
		err.Want = fmt.Sprintf("set %s, or give a default: ${%s:...}", p.Name, p.Name)
	}
	return err
}

// shown is a placeholder as an error may show it.
func (e *expander) shown(p placeholder.Part) string {
	if e.hides() {
		return "a placeholder in this secret"
	}
	return placeholder.WithoutDefaults(p.Source)
}

// hides reports whether the text being expanded may be a secret. A placeholder
// that stands alone is none.
func (e *expander) hides() bool { return e.literals > 0 && e.isSecret() }

func (e *expander) isSecret() bool {
	return slices.ContainsFunc(e.path, func(s step) bool { return s.isSecret })
}

func (e *expander) lookUp(key string) *node {
	n := e.cfg.find(key)
	if e.asWritten {
		return e.cfg.overrideAsWritten(key, n)
	}
	return e.cfg.override(key, n)
}

// name is what a placeholder refers to; it may depend on another: ${db.${stage}}.
func (e *expander) name(p placeholder.Part) (string, *Error) {
	if !strings.Contains(p.Name, "${") {
		return p.Name, nil
	}
	n, err := e.text(p.Name)
	if err != nil {
		return "", err
	}
	if !n.isScalar() {
		return "", e.here(&Error{Message: e.shown(p) + " names " + n.describe(), Want: "refer to a single value"})
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
		Message: "placeholders refer to each other in a cycle: " + text.String() + again,
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
