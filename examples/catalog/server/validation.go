// SPDX-License-Identifier: Apache-2.0

package server

import "strings"

// fieldErrors are the errors of a request, by parameter or JSON field.
type fieldErrors map[string]string

// require adds an error unless a condition holds.
func (e fieldErrors) require(is bool, field, must string) {
	if !is {
		e[field] = "must " + must
	}
}

// isCurrency reports whether code has the form of ISO 4217.
func isCurrency(code string) bool {
	return len(code) == 3 && strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}
