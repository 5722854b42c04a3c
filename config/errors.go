// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"

	"github.com/pyfly-go/pyfly/kernel"
)

// Error is one thing that is wrong with the configuration. It answers to
// errors.Is for kernel.ErrConfig and for its cause, such as fs.ErrNotExist.
type Error struct {
	Origin         // where it was written; zero when nowhere
	Key     string // the key concerned, if there is one
	Value   string // the value, or ****** if it may be a secret
	Message string // what is wrong, the value included: `"abc" is no duration`
	Want    string // what to do: "write for example 500ms"
	Err     error  // the cause, if there is one
}

// Error implements error. It is one line:
//
//	pyfly.yaml:12: shop.timeout: "abc" is no duration; write for example 500ms
func (e *Error) Error() string {
	var b strings.Builder
	if !e.Origin.IsZero() {
		b.WriteString(e.Origin.String() + ": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	b.WriteString(e.Message)
	if e.Want != "" {
		b.WriteString("; " + e.Want)
	}
	return b.String()
}

// String returns the same as Error.
func (e *Error) String() string { return e.Error() }

// Is reports whether target is kernel.ErrConfig.
func (e *Error) Is(target error) bool { return target == kernel.ErrConfig }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// at places an error of a conversion, which knows the value only.
func (e *Error) at(key string, origin Origin) *Error {
	placed := *e
	placed.Key, placed.Origin = key, origin
	return &placed
}

// wrongValue reports that value "is no duration".
func wrongValue(value, is, want string) *Error {
	return &Error{Value: value, Message: fmt.Sprintf("%q %s", value, is), Want: want}
}
