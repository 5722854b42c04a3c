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

// Follow takes the message's link, if it has one, in place of the path, and adds the
// message's query to that of the link, unless it leads to another service.
func (l Links) Follow(m *Message) error {
	if m.Link == "" {
		return nil
	}
	base := l.Base
	link, err := url.Parse(m.Link)
	if err != nil {
		return fmt.Errorf("%w: the link cannot be read as a URL", port.ErrInvalidRequest)
	}
	if l.Allowed.Allow(base, link) && link.Opaque == "" {
		m.Elsewhere = &url.URL{Scheme: link.Scheme, Host: link.Host}
		m.Path, m.Query = link.EscapedPath(), link.RawQuery
		return nil
	}
	isAbsolute := link.Scheme != "" || link.Host != ""
	if isAbsolute && (!strings.EqualFold(link.Scheme, base.Scheme) || !strings.EqualFold(link.Host, base.Host)) {
		return fmt.Errorf("%w: the link leads to %s://%s, but the client's service is %s://%s", port.ErrInvalidRequest, link.Scheme, link.Host, base.Scheme, base.Host)
	}
	path, isBelow := strings.CutPrefix(link.EscapedPath(), strings.TrimSuffix(base.EscapedPath(), "/"))
	if !isBelow || path != "" && path[0] != '/' || link.Opaque != "" || !isAbsolute && !strings.HasPrefix(m.Link, "/") {
		return fmt.Errorf("%w: the link does not lead below the client's base URL", port.ErrInvalidRequest)
	}
	if err := checkDots(path, "the link"); err != nil {
		return err
	}
	m.Path, m.Query = path, joinQuery(link.RawQuery, m.Query)
	return nil
}
