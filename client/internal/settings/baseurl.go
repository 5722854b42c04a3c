// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// checkBaseURL expands the placeholders of the base URL and checks it, whatever
// its origin.
func (r *resolver) checkBaseURL(s *Settings) {
	d, key := r.declaration, r.own()+"base-url"
	where := fmt.Sprintf("%s.%s: url %q", d.Type, d.Marker, d.ShownURL)
	switch n, isNoted := r.noted["base-url"]; {
	case isNoted && n.level.origin == "":
		where = fmt.Sprintf("%s: %s", n.Origin, n.Key)
	case isNoted && n.level.origin == d.Defaults.Origin:
		where = fmt.Sprintf("%s: base-url %q", n.Origin, n.Value)
	}
	if r.isRawURL {
		expanded, err := r.cfg.Expand(s.BaseURL)
		if err != nil {
			r.problems = append(r.problems, unresolved(err, where))
			return
		}
		s.BaseURL = expanded
	}
	if s.BaseURL == "" {
		r.problems = append(r.problems, &problem{fmt.Sprintf("%s has no base URL: tag %s with url:\"http://...\" or set %s", d.Type, d.Marker, key)})
		return
	}
	if _, err := ParseBaseURL(s.BaseURL); err != nil {
		r.problems = append(r.problems, &problem{where + ": " + err.Error()})
	}
}

// ShownURL parses the base URL in the form in which it may be shown. If no
// valid URL is left without its secrets, only scheme and host are shown.
func (s *Settings) ShownURL(base *url.URL) *url.URL {
	u, err := url.Parse(s.ShownBaseURL)
	if err != nil || u.Host == "" {
		return &url.URL{Scheme: base.Scheme, Host: base.Host}
	}
	return u
}

// ParseBaseURL parses a base URL and checks that requests can be sent to it.
// Its error does not contain the URL, which may hold a password.
func ParseBaseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it cannot be read as a URL: write one such as http://inventory-service:8080")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("its scheme is %q: write a URL that begins with http:// or https://", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("it has no host: write one such as http://inventory-service:8080")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(text, "#"):
		return nil, errors.New("it has a query or a fragment, which a base URL cannot have")
	}
	return u, nil
}
