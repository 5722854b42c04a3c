// SPDX-License-Identifier: Apache-2.0

package client

import "reflect"

// URL is an argument that takes the place of a method's path and query: a link
// that the service itself has given, to the next page for example.
//
//	List func(ctx context.Context, next client.URL) (Page, error) `get:"/products"`
//
// It is absolute, or begins with a slash, and must lead to the client's own
// service: to scheme, host, port and path of its base URL; or to a host of the
// client's setting allowed-hosts, which then gets no header that was declared or
// set for the client, nor its authentication. Any other is an
// [ErrInvalidRequest], so that nothing meant for one server reaches another; and so
// is one with user info that is not the base URL's. The default port may be spelled
// or left out. Query arguments of the method are added to the link's own. An empty
// URL leaves the declared path and query.
type URL string

var linkType = reflect.TypeFor[URL]()
