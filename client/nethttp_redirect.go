// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

const maxRedirects = 10

// checkRedirect is the [http.Client]'s rule for redirects. via holds the
// requests made so far.
func checkRedirect(next *http.Request, via []*http.Request) error {
	if !staysOnHost(via[len(via)-1].URL, next.URL) {
		return http.ErrUseLastResponse
	}
	if len(via) > maxRedirects {
		return fmt.Errorf("the service redirected more than %d times", maxRedirects)
	}
	return nil
}

// staysOnHost reports whether what may be sent to one URL may be sent to the
// other: the same scheme, host and port, or from http to https.
func staysOnHost(from, to *url.URL) bool {
	if !strings.EqualFold(from.Hostname(), to.Hostname()) {
		return false
	}
	if from.Scheme == "http" && to.Scheme == "https" {
		return true
	}
	return from.Scheme == to.Scheme && portOf(from) == portOf(to)
}

func portOf(u *url.URL) string {
	if port := u.Port(); port != "" {
		return port
	}
	if u.Scheme == "https" {
		return "443"
	}
	return "80"
}
