// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pyfly-go/pyfly/internal/placeholder"
	"github.com/pyfly-go/pyfly/kernel"
)

// Error is one thing that is wrong with the configuration. It answers to
// errors.Is for kernel.ErrConfig and for its cause, such as fs.ErrNotExist.
type Error struct {
	Origin  Origin // where it was written; zero when nowhere
	Key     string // the key concerned, if there is one
	Value   string // the value, or ****** if it may be a secret
	Message string // what is wrong, the value included: `"abc" is not a valid duration`
	Want    string // what to do: "write 500ms, 30s or 1m30s"
	Err     error  // the cause, if there is one

	predicate string // what Message says of the value
}

// Error implements error. It is one line:
//
//	pyfly.yaml:12: shop.timeout: "abc" is not a valid duration: write 500ms, 30s or 1m30s
func (e *Error) Error() string {
	var parts []string
	if !e.Origin.IsZero() {
		parts = append(parts, e.Origin.String())
	}
	for _, part := range []string{e.Key, e.Message, e.Want} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ": ")
}

// Is reports whether target is kernel.ErrConfig.
func (e *Error) Is(target error) bool { return target == kernel.ErrConfig }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an error about the value of key, for callers that check more
// than its type: it names the key, where it is set and its value, hidden if it
// may be a secret. The formatted text says what to do: "write a number of
// attempts of at least 1".
func (c *Config) Errorf(key, wantFormat string, args ...any) *Error {
	c.asked.add(key)
	err := &Error{Key: key, Message: "it is not set", Want: fmt.Sprintf(wantFormat, args...)}
	n := c.lookUp(key)
	switch {
	case n == nil:
		return err
	case !n.isScalar():
		err.Origin, err.Message = n.origin, n.describe()+" is not allowed here"
		return err
	}
	e := expander{cfg: c}
	value, _, resolveErr := e.resolve(key, n)
	if resolveErr != nil || !value.isScalar() {
		return wrongValue(placeholder.WithoutDefaults(n.literal()), "is not allowed", err.Want).of(key, n)
	}
	return wrongValue(value.literal(), "is not allowed", err.Want).of(key, value)
}

// at places an error that knows neither key nor origin.
func (e *Error) at(key string, origin Origin) *Error {
	placed := *e
	placed.Key, placed.Origin = key, origin
	return &placed
}

// of places an error of a conversion, which knows the value only, and hides
// what must not be shown.
func (e *Error) of(key string, n *node) *Error {
	placed := e.at(n.writtenKey(key), n.origin)
	if n.secret || looksSecret(key) {
		placed.Value = hidden
		if placed.Err != nil { // its text may hold the value
			placed.Err, placed.Want = nil, "correct it"
		}
		placed.Message = strings.TrimSpace(hidden + " " + e.predicate)
	}
	if n.via != "" {
		placed.Message += " (it comes from " + n.via + ")"
	}
	return placed
}

// wrongValue reports that value "is not a valid duration".
func wrongValue(value, is, want string) *Error {
	value = shown(value)
	return &Error{Value: value, Message: fmt.Sprintf("%q %s", value, is), Want: want, predicate: is}
}

const maxShown = 200

// shown cuts a long value and hides secrets in URLs.
func shown(value string) string {
	value = withoutSecrets(value)
	if len(value) <= maxShown {
		return value
	}
	end := maxShown
	for end > 0 && !utf8.RuneStart(value[end]) {
		end--
	}
	return value[:end] + "..."
}
