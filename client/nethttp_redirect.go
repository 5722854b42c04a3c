// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
)

const maxRedirects = 10

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// follow lets an [http.Client] follow a redirect that has been answered to req.
// An error says that it came after a redirect, so that nobody takes one that no
// connection could be made for the proof that req was not sent. The Request of a
// response that came after a followed redirect has that as its Response.
func (a *netHTTPAdapter) follow(req *http.Request, redirect *http.Response) (*http.Response, error) {
	var last *http.Request // that a redirect has led to
	client := http.Client{Transport: &replay{a.transport, redirect}}
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if err := a.allowed.checkRedirect(next, via); err != nil {
			return err
		}
		last = next
		return nil
	}
	response, err := client.Do(req)
	if err != nil {
		return nil, &net.OpError{Op: "redirect", Err: withoutURL(err)}
	}
	if last != nil && !isRedirected(response) { // a transport of the user's did not set it
		response.Request = last
	}
	return response, nil
}

// replay answers the first request with an answer that it has brought already.
type replay struct {
	http.RoundTripper
	answer *http.Response // nil once given
}

// RoundTrip implements [http.RoundTripper].
func (r *replay) RoundTrip(req *http.Request) (*http.Response, error) {
	if answer := r.answer; answer != nil {
		r.answer = nil
		return answer, nil
	}
	return r.RoundTripper.RoundTrip(req)
}

// checkRedirect is the [http.Client]'s rule for redirects. via holds the
// requests made so far. What leaves for another host takes no secrets along.
func (hosts allowedHosts) checkRedirect(next *http.Request, via []*http.Request) error {
	from := via[len(via)-1].URL
	switch {
	case staysOnHost(from, next.URL) && staysOnHost(via[0].URL, next.URL):
	case hosts.allow(from, next.URL):
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
