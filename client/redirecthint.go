// SPDX-License-Identifier: Apache-2.0

package client

import (
	"net/http"
	"net/url"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/internal/message"
)

// refusedRedirect says why a redirect has not been followed, which is the response
// to the caller; "" if the response is none, or that is not known.
func (g *generation) refusedRedirect(m *message.Message, o *engine.Outcome) string {
	if o.Err != nil || !isRedirect(o.Status) {
		return ""
	}
	to, err := url.Parse(o.Header.Get("Location"))
	if err != nil || to.Host == "" {
		return ""
	}
	from := m.Base(g.baseURL)
	text := "the redirect to " + message.Printable(to.Host, message.MaxQuoted) + " is not followed: "
	switch {
	case from.Scheme == "https" && to.Scheme == "http":
		return text + "it leads from https to http"
	case hosts.Same(from, to), g.allowed.Allow(from, to):
		return ""
	}
	return text + "to allow it, add the host to the setting allowed-hosts of the client"
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}
