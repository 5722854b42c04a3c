// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pyfly-go/pyfly/internal/secret"
)

// ParseBaseURL accepts what a request can be sent to. Its error does not repeat
// the URL, which may hold a password.
func ParseBaseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil && strings.Contains(err.Error(), "invalid port"):
		return nil, errWrongPort
	case err != nil:
		return nil, errors.New("it cannot be read as a URL: write one such as http://inventory-service:8080")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("its scheme is %q: write a URL that begins with http:// or https://", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("it has no host: write one such as http://inventory-service:8080")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(text, "#"):
		return nil, errors.New("it has a query or a fragment, which a base URL cannot have")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, errWrongPort
		}
	}
	return u, nil
}

var errWrongPort = errors.New("its port is not valid: write a number from 1 to 65535")

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
	if _, err := ParseBaseURL(suggested); err != nil || strings.Contains(text, "@") {
		return ""
	}
	return "; did you mean " + suggested + "?"
}

var schemes = []string{"http", "https"}

// ShownURL is the declared base URL as it may be shown.
func (c *Client) ShownURL() string {
	if strings.Contains(c.URL, "@") && !strings.Contains(c.URL, "://") { // its scheme is missing
		return strings.TrimPrefix(secret.Template("http://"+c.URL), "http://")
	}
	return secret.Template(c.URL)
}

// checkURL checks a declared base URL as far as it is known: not before its
// placeholders are filled.
func (c *Client) checkURL() {
	if c.URL == "" || strings.Contains(c.URL, "${") {
		return
	}
	if _, err := ParseBaseURL(c.URL); err != nil {
		c.fail(c.Marker, "url %q: %v%s", c.ShownURL(), err, nearestURL(c.URL))
	}
}
