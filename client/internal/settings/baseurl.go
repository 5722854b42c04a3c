// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"fmt"
	"net/url"

	"github.com/pyfly-go/pyfly/internal/declaration"
)

// checkBaseURL expands the placeholders of the base URL and checks it, whatever
// its origin.
func (r *resolver) checkBaseURL(s *Settings) {
	d, key := r.declaration, r.own()+"base-url"
	where := fmt.Sprintf("%s.%s: url %q", d.Type, d.Marker, d.ShownURL)
	origin := d.Tag.Origin
	switch n, isNoted := r.noted["base-url"]; {
	case isNoted && n.level.origin == "":
		origin = ""
		where = fmt.Sprintf("%s: %s", n.Origin, n.Key)
	case isNoted && n.level.origin == d.Defaults.Origin:
		origin = n.level.origin
		where = fmt.Sprintf("%s: base-url %q", n.Origin, n.Value)
	}
	if r.isRawURL {
		expanded, err := r.cfg.Expand(s.BaseURL)
		if err != nil {
			r.report(origin, where, err)
			return
		}
		s.BaseURL = expanded
	}
	if s.BaseURL == "" {
		r.problems = append(r.problems, &problem{fmt.Sprintf("%s has no base URL: tag %s with url:\"http://...\" or set %s", d.Type, d.Marker, key)})
		return
	}
	if _, err := declaration.ParseBaseURL(s.BaseURL); err != nil {
		r.report(origin, where+": "+err.Error(), nil)
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
