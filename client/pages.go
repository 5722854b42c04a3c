// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"iter"

	"github.com/pyfly-go/pyfly/client/internal/frontend"
	"github.com/pyfly-go/pyfly/client/internal/message"
)

// Next returns the link to the next page: the first one with the relation next in
// the response's Link headers (RFC 8288). It is false if there is none. A
// relative link is resolved against the URL that has responded, redirects
// included; in a Response that no call has returned, it stays relative. Links of
// other resources, which have the parameter anchor, are not considered.
//
// Give the link to a method with an argument of type [URL]. A link to another
// host, or one that is not a URL, is an [ErrInvalidRequest] there.
func (r Response[T]) Next() (URL, bool) {
	link, ok := message.NextLink(r.Header, r.location)
	return URL(link), ok
}

// Pages returns the pages of a list, from the first one to the one without a link
// to the next (see [Response.Next]):
//
//	pages := client.Pages(ctx, func(ctx context.Context) (client.Response[[]Product], error) {
//		return shop.List(ctx, "rakes")
//	}, shop.More)
//	for page, err := range pages { ... }
//
// A page is requested when the loop asks for it, and each loop begins with the
// first page. The sequence ends after an error, which comes with the response
// that its function returned. It also ends at a link to a page that it has had
// already: among the last 1000 pages at once, else after at most three rounds.
// When ctx is done, the error is that of ctx, or the one that a function returns
// because of it.
//
// No goroutine is started. The sequence may be used by several goroutines at a
// time if first and next may.
func Pages[T any](ctx context.Context, first func(context.Context) (Response[T], error), next func(context.Context, URL) (Response[T], error)) iter.Seq2[Response[T], error] {
	return func(yield func(Response[T], error) bool) {
		if err := checkPages(ctx, first == nil || next == nil); err != nil {
			yield(Response[T]{}, err)
			return
		}
		page, err := first(ctx)
		var visited message.Visited
		if page.location != nil {
			visited.Add(page.location.String())
		}
		for yield(page, err) && err == nil {
			link, ok := page.Next()
			if !ok || !visited.Add(string(link)) {
				return
			}
			if err = ctx.Err(); err != nil {
				page = Response[T]{}
				continue
			}
			page, err = next(ctx, link)
		}
	}
}

func checkPages(ctx context.Context, lacksFunction bool) error {
	switch {
	case ctx == nil:
		return frontend.ErrNilContext
	case lacksFunction:
		return errNilPage
	}
	return ctx.Err()
}

var errNilPage = errors.New("client.Pages: a function is nil: give one for the first page and one for the next")
