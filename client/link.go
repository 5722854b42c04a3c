// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"net/url"
	"reflect"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/internal/nethttp"
)

// URL is an argument that takes the place of a method's path and query: a link
// that the service itself has given, to the next page for example.
//
//	List func(ctx context.Context, next client.URL) (Page, error) `get:"/products"`
//
// It is absolute, or begins with a slash, and must lead to the client's own
// service: to scheme, host, port and path of its base URL; or to a host of the
// client's setting allowed-hosts, which then gets no header that was declared or
// set for the client, nor its authentication. Any other is an
// [ErrInvalidRequest], so that nothing meant for one server reaches another. An
// empty URL leaves the declared path.
type URL string

var linkType = reflect.TypeFor[URL]()

// follow takes a link in place of the message's path and query.
func follow(msg *message.Message, base *url.URL, allowed nethttp.AllowedHosts) error {
	if msg.Link == "" {
		return nil
	}
	link, err := url.Parse(msg.Link)
	if err != nil {
		return fmt.Errorf("%w: the link cannot be read as a URL", ErrInvalidRequest)
	}
	if allowed.Allow(base, link) && link.Opaque == "" {
		msg.Elsewhere = &url.URL{Scheme: link.Scheme, Host: link.Host}
		msg.Path, msg.Query = link.EscapedPath(), link.RawQuery
		return nil
	}
	isAbsolute := link.Scheme != "" || link.Host != ""
	if isAbsolute && (!strings.EqualFold(link.Scheme, base.Scheme) || !strings.EqualFold(link.Host, base.Host)) {
		return fmt.Errorf("%w: the link leads to %s://%s, but the client's service is %s://%s", ErrInvalidRequest, link.Scheme, link.Host, base.Scheme, base.Host)
	}
	path, isBelow := strings.CutPrefix(link.EscapedPath(), strings.TrimSuffix(base.EscapedPath(), "/"))
	if !isBelow || path != "" && path[0] != '/' || link.Opaque != "" || !isAbsolute && !strings.HasPrefix(msg.Link, "/") {
		return fmt.Errorf("%w: the link does not lead below the client's base URL", ErrInvalidRequest)
	}
	for segment := range strings.SplitSeq(path, "/") {
		if isDots(segment) {
			return fmt.Errorf("%w: the link has the path segment %q", ErrInvalidRequest, segment)
		}
	}
	msg.Path, msg.Query = path, link.RawQuery
	return nil
}
