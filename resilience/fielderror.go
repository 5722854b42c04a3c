// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"fmt"

	"github.com/pyfly-go/pyfly/kernel"
)

// fieldError says what is wrong with one field of a configuration, or with several
// that do not fit together. Whoever has read the configuration from settings can
// find out where the fields were set.
type fieldError struct {
	fields []string // by their koanf names; the first is the one to change
	text   string
}

// wrongField reports a field whose value is not allowed, whatever the others are.
func wrongField(field, format string, args ...any) error {
	return wrongTogether([]string{field}, format, args...)
}

// wrongTogether reports fields that do not fit together.
func wrongTogether(fields []string, format string, args ...any) error {
	return &fieldError{fields, fmt.Sprintf(format, args...)}
}

// Error implements error.
func (e *fieldError) Error() string { return kernel.ErrConfig.Error() + ": " + e.text }

// Is reports whether target is kernel.ErrConfig.
func (e *fieldError) Is(target error) bool { return target == kernel.ErrConfig }

// Fields returns the fields concerned, by their koanf names.
func (e *fieldError) Fields() []string { return e.fields }

// Problem returns what is wrong with them.
func (e *fieldError) Problem() string { return e.text }
