// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pyfly-go/pyfly/internal/secret"
)

// ParseBaseURL accepts what a request can be sent to. Its error does not repeat
// the URL, which may hold a password, unless that is harmless.
func ParseBaseURL(text string) (*url.URL, error) {
	u, problem := parseBaseURL(text)
	switch near := nearestURL(text); {
	case problem == "":
		return u, nil
	case near != "":
		return nil, fmt.Errorf("%s: write %s", problem, near)
	default:
		return nil, fmt.Errorf("%s: write one such as http://inventory-service:8080", problem)
	}
}

// parseBaseURL returns a URL, or what is wrong with it.
func parseBaseURL(text string) (u *url.URL, problem string) {
	u, err := url.Parse(text)
	switch {
	case err != nil && strings.Contains(err.Error(), "invalid port"):
		return nil, wrongPort
	case err != nil:
		return nil, "it cannot be read as a URL"
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Sprintf("its scheme is %q, not http or https", u.Scheme)
	case u.Hostname() == "":
		return nil, "it has no host"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(text, "#"):
		return nil, "it has a query or a fragment, which a base URL cannot have"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, wrongPort
		}
	}
	return u, ""
}

const wrongPort = "its port is no number from 1 to 65535"

// nearestURL suggests the URL that one without a scheme, or with a misspelt one,
// is meant to be.
func nearestURL(text string) string {
	scheme, rest, found := strings.Cut(text, "://")
	if !found {
		scheme, rest = "", strings.TrimLeft(text, "/")
		for _, known := range schemes {
			if after, ok := strings.CutPrefix(rest, known+":"); ok {
				scheme, rest = known, strings.TrimLeft(after, "/")
			}
		}
	}
	if scheme == "" {
		scheme = "http"
	}
	if !slices.Contains(schemes, scheme) {
		scheme = nearMiss(scheme, schemes)
	}
	suggested := scheme + "://" + rest
	if _, problem := parseBaseURL(suggested); problem != "" || strings.Contains(text, "@") {
		return ""
	}
	return suggested
}

var schemes = []string{"http", "https"}

// checkURL checks a declared base URL as far as it is known: not before its
// placeholders are filled.
func (c *Client) checkURL() {
	if c.URL == "" || strings.Contains(c.URL, "${") {
		return
	}
	if _, err := ParseBaseURL(c.URL); err != nil {
		c.fail(c.Marker, "url %q: %v", secret.Template(c.URL), err)
	}
}
