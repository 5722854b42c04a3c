// SPDX-License-Identifier: Apache-2.0

package message

import (
	"github.com/pyfly-go/pyfly/internal/declaration"
	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

// Template expands a compiled path template. Beyond RFC 6570 it sees to it that no
// argument leaves the place that the template gives it: no path segment is empty
// for want of a value, or a dot segment, and nothing in the path begins a query or
// a fragment.
type Template struct {
	path  []uritemplate.Part // up to the query
	query []uritemplate.Part // from the first {?...} or literal '?' on, without it
	names []string           // of the variables, each once, in order
}

// NewTemplate makes a template of a declared one.
func NewTemplate(t *declaration.Template) *Template {
	return &Template{path: t.Path, query: t.Query, names: t.Names}
}
