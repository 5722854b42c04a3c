// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"net/http"
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
			if err := checkHeaderValue("header "+name, value); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkHeaderValue(what, value string) error {
	if strings.ContainsFunc(value, isControl) {
		return fmt.Errorf("%w: the value of the %s has a control character such as a line break", port.ErrInvalidRequest, what)
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
