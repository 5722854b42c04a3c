// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"strings"
	"testing"
)

func TestWrongTemplates(t *testing.T) {
	for template, want := range map[string]string{
		"products":    "does not begin with a slash",
		"":            "does not begin with a slash",
		"/{id":        "'{' without a '}'",
		"/id}":        "'}' without a '{'",
		"/{}":         "empty expression",
		"/{#part}":    "a fragment is not sent",
		"/{id:0}":     "not a valid prefix length",
		"/{a b}":      "letters, digits, underscores",
		"/x{?a}{?b}":  "begins the query twice",
		"/{&a}":       "write {?a}",
		"/x?y=1{?a}":  "write {&a}",
		"/x{?a}{b}":   "write {&b}",
		"/x{?a}{/b}":  "write {&b}",
		"/x{?}":       "empty expression",
		"/a b":        "percent-encoded",
		"/x#fragment": "percent-encoded",
		"/a/../b":     `segment ".."`,
		"/a/./b":      `segment "."`,
	} {
		if _, err := ParseTemplate(template); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to say %q", template, err, want)
		}
	}
}
