// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"context"
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

// lookup is a GET request on its way through the cache.
type lookup struct {
	*clientCache
	settings           *settings
	req                *http.Request
	next               client.Exchange
	method             string // of the client
	resource, identity string
	wants              directives
}

// run answers the request.
func (l *lookup) run() (*http.Response, error) {
	for {
		e := l.find()
		if e != nil {
			if response := l.use(e); response != nil {
				return response, nil
			}
		}
		if l.wants.has("only-if-cached") {
			return newResponse(l.req, http.StatusGatewayTimeout, nil, nil), nil // RFC 9111, section 5.2.1.7
		}
		if !l.mayShareRequest() {
			response, _, err := l.fetch(e)
			return response, err
		}
		f, leads := l.join()
		if leads {
			return l.lead(f)
		}
		response, err, isOver := l.follow(f)
		if isOver {
			return response, err
		}
	}
}

// use makes a response of a stored one, or returns nil if that has to be validated.
func (l *lookup) use(e *entry) *http.Response {
	now := time.Now()
	switch e.useFor(l, now) {
	case useFresh:
		l.count(hit)
	case useStaleAndRevalidate:
		l.count(stale)
		l.revalidate(e)
	case useStale:
		l.count(stale)
	default:
		return nil
	}
	return e.response(l.req, now)
}

// mayShareRequest reports whether the request may take the response to another one
// that is under way: not if it asks for more than a fresh response.
func (l *lookup) mayShareRequest() bool {
	for _, name := range []string{"no-cache", "max-age", "min-fresh"} {
		if l.wants.has(name) {
			return false
		}
	}
	return true
}

// fetch is a request under way to the service.
type fetch struct {
	resource   string
	isOutdated bool // the resource has changed since; guarded by the clientCache
}

// fetch sends the request, with the condition that a stored response, which may be
// nil, has changed. The outcome is what others may use.
func (l *lookup) fetch(e *entry) (*http.Response, outcome, error) {
	f := l.beginFetch()
	defer l.endFetch(f)
	r := l.send(e)
	if r.status == http.StatusNotModified && e != nil {
		if fresh := e.freshened(l, r); fresh != nil {
			l.count(revalidation)
			if l.mayStore(fresh, r) {
				l.put(f, fresh)
			} else {
				l.remove(e)
			}
			return fresh.response(l.req, time.Now()), l.outcomeOf(fresh, r), nil
		}
		l.remove(e) // the service speaks of another response
		e = nil
		r = l.send(nil)
	}
	if isOver := l.req.Context().Err() != nil; r.isFailure() && e != nil && !isOver && e.mayReplaceFailure(l, time.Now()) {
		l.count(stale)
		return e.response(l.req, time.Now()), outcome{stale: e}, nil
	}
	l.count(miss)
	stored := l.storable(r)
	switch {
	case stored != nil:
		l.put(f, stored)
	case e != nil && isStorableStatus(r.status): // it has been replaced
		l.remove(e)
	}
	response, err := r.result()
	return response, l.outcome(r, stored), err
}

// send sends the request.
func (l *lookup) send(e *entry) *reply {
	s := &sent{}
	req := l.req.WithContext(context.WithValue(l.req.Context(), sentKey{}, s))
	req.Header = l.req.Header.Clone()
	if e != nil {
		e.validators(req.Header)
	}
	requested := time.Now()
	r := newReply(l.next(req))
	r.sent, r.requested, r.received = s, requested, time.Now()
	return r
}

func (l *lookup) beginFetch() *fetch {
	l.mu.Lock()
	defer l.mu.Unlock()
	f := &fetch{resource: l.resource}
	l.fetches[f] = true
	return f
}

func (l *lookup) endFetch(f *fetch) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.fetches, f)
}

// revalidate validates a stored response in the background, unless that is done
// already.
func (l *lookup) revalidate(e *entry) {
	f, leads := l.join()
	if !leads {
		return
	}
	isRunning := l.owner.run(l.req.Context(), func(ctx context.Context) {
		inBackground := *l
		inBackground.req = l.req.Clone(ctx)
		defer l.land(f)
		_, f.outcome, _ = inBackground.fetch(e)
	})
	if !isRunning {
		l.land(f)
	}
}
