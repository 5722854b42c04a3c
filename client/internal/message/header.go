// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/client/port"
)

// CheckHeader returns a [port.ErrInvalidRequest] for what would end a header early
// or is none: names are tokens (RFC 9110, section 5.6.2), values hold no control
// characters.
func CheckHeader(header http.Header) error {
	for name, values := range header {
		if !IsToken(name) {
			return fmt.Errorf("%w: %q is no header name", port.ErrInvalidRequest, name)
		}
		for _, value := range values {
			if err := checkHeaderValue("header", name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// CanonicalHeader returns a header whose names are spelled as [http.CanonicalHeaderKey]
// does: the same one if they are. Names that differ in case are one; it has the
// values of all of them.
func CanonicalHeader(header http.Header) http.Header {
	for name := range header {
		if name != http.CanonicalHeaderKey(name) {
			return canonicalCopy(header)
		}
	}
	return header
}

func canonicalCopy(header http.Header) http.Header {
	copied := make(http.Header, len(header))
	for _, name := range slices.Sorted(maps.Keys(header)) {
		key := http.CanonicalHeaderKey(name)
		copied[key] = append(copied[key], header[name]...)
	}
	return copied
}

func checkHeaderValue(what, name, value string) error {
	if strings.ContainsFunc(value, isControl) {
		return fmt.Errorf("%w: the value of the %s %s has a control character such as a line break", port.ErrInvalidRequest, what, name)
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// IsToken reports whether a text can be the name of a header or a cookie.
func IsToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}
