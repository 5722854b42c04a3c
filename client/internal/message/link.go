// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/port"
)

// Links are those that a client follows.
type Links struct {
	Base    *url.URL      // of the client's service
	Allowed hosts.Allowed // hosts that links may lead to besides
}

// Follow takes the message's link, if it has one, in place of path and query. The
// query that the message has is added to that of the link.
func (l Links) Follow(m *Message) error {
	if m.Link == "" {
		return nil
	}
	link, err := url.Parse(m.Link)
	if err != nil || link.Opaque != "" || link.Host == "" && !strings.HasPrefix(m.Link, "/") {
		return fmt.Errorf("%w: the link is neither an absolute URL nor a path that begins with a slash", port.ErrInvalidRequest)
	}
	if l.Allowed.Allow(l.Base, link) {
		m.Elsewhere = &url.URL{Scheme: link.Scheme, Host: strings.TrimSuffix(link.Host, ":")}
		m.Path = link.EscapedPath()
	} else if m.Path, err = l.own(link); err != nil {
		return err
	}
	m.Query = joinQuery(escapedQuery(link.RawQuery), m.Query)
	return nil
}

// own returns the path of a link to the client's own service, below its base URL.
func (l Links) own(link *url.URL) (path string, err error) {
	base := l.Base
	switch {
	case link.Host != "" && !hosts.Same(base, link):
		to := Printable(link.Scheme+"://"+link.Host, MaxQuoted)
		return "", fmt.Errorf("%w: the link leads to %s, but the client's service is %s://%s", port.ErrInvalidRequest, to, base.Scheme, base.Host)
	case link.User != nil && link.User.String() != base.User.String():
		return "", fmt.Errorf("%w: the link has user info, which is not sent: give the link without it", port.ErrInvalidRequest)
	}
	path, isBelow := strings.CutPrefix(link.EscapedPath(), strings.TrimSuffix(base.EscapedPath(), "/"))
	if !isBelow || path != "" && path[0] != '/' {
		return "", fmt.Errorf("%w: the link does not lead below the client's base URL", port.ErrInvalidRequest)
	}
	return path, checkDots(path, "the link")
}
