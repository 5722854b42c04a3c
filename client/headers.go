// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// parseHeaders reads the tag headers: "Name: value; Other: value".
func parseHeaders(source string) (http.Header, error) {
	header := http.Header{}
	for field := range strings.SplitSeq(source, ";") {
		if strings.TrimSpace(field) == "" {
			continue
		}
		name, value, found := strings.Cut(field, ":")
		name = strings.TrimSpace(name)
		if !found || !message.IsToken(name) {
			return nil, fmt.Errorf("%q is no header: write Name: value, and a semicolon between two", strings.TrimSpace(field))
		}
		header.Add(name, strings.TrimSpace(value))
	}
	return header, message.CheckHeader(header)
}
