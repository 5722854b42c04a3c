// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/internal/secret"
)

const maxRedirects = 10

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// follow lets an [http.Client] follow a redirect, the response to req.
// An error says that it came after a redirect, so that nobody takes one that no
// connection could be made for the proof that req was not sent. The Request of a
// response that came after a followed redirect has that as its Response.
func (a *Adapter) follow(req *http.Request, redirect *http.Response) (*http.Response, error) {
	var last *http.Request // that a redirect has led to
	client := http.Client{Transport: &replay{a.transport, redirect}}
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if err := checkRedirect(a.allowed, next, via); err != nil {
			return err
		}
		last = next
		return nil
	}
	response, err := client.Do(req)
	if err != nil {
		return nil, &net.OpError{Op: "redirect", Err: secret.WithoutURL(err)}
	}
	isKnown := response.Request != nil && response.Request.Response != nil
	if last != nil && !isKnown { // a transport of the user's did not set it
		response.Request = last
	}
	return response, nil
}

// replay gives the first request a response that is there already.
type replay struct {
	http.RoundTripper
	response *http.Response // nil once given
}

// RoundTrip implements [http.RoundTripper].
func (r *replay) RoundTrip(req *http.Request) (*http.Response, error) {
	if response := r.response; response != nil {
		r.response = nil
		return response, nil
	}
	return r.RoundTripper.RoundTrip(req)
}

// checkRedirect is the [http.Client]'s rule for redirects. via holds the
// requests made so far. What leaves for another host takes no secrets along.
func checkRedirect(allowed hosts.Allowed, next *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	switch {
	case staysOnHost(from, next.URL) && staysOnHost(via[0].URL, next.URL):
	case allowed.Allow(from, next.URL):
		keepHarmless(next.Header)
	default:
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
	return from.Scheme == to.Scheme && hosts.PortOf(from) == hosts.PortOf(to)
}

// harmlessHeaders are those of a request that may follow it to another host:
// they say how to respond, not who asks.
var harmlessHeaders = []string{
	"Accept", "Accept-Encoding", "Accept-Language", "Content-Encoding", "Content-Language", "Content-Length",
	"Content-Type", "Idempotency-Key", "If-Match", "If-Modified-Since", "If-None-Match", "If-Unmodified-Since", "Range", "User-Agent",
}

func keepHarmless(header http.Header) {
	for name := range header {
		if !slices.Contains(harmlessHeaders, http.CanonicalHeaderKey(name)) {
			delete(header, name)
		}
	}
}
