// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"net/http"
	"time"
)

// flight is a request that several callers wait for. The one that sends it leads.
type flight struct {
	key      string
	resource string
	done     chan struct{} // closed when the outcome is there
	outcome  outcome
}

// outcome is what followers of a flight may use. They send a request of their own
// if there is nothing.
type outcome struct {
	fresh  *entry
	stale  *entry // in place of a failure
	failed *reply // of a service that has failed
	again  bool   // the leader has left: another one leads
}

// outcomeOf returns what others may use of a response: one that may be stored, as
// long as it is fresh.
func (l *lookup) outcomeOf(e *entry, r *reply) outcome {
	if !l.mayStore(e, r) || !e.isFresh(time.Now()) {
		return outcome{}
	}
	return outcome{fresh: e}
}

// outcome returns what others may use of a reply. A response that may not be
// stored is for one request only. A failure is for all: they would only add to it.
func (l *lookup) outcome(r *reply, stored *entry) outcome {
	switch {
	case stored != nil:
		return l.outcomeOf(stored, r)
	case l.req.Context().Err() != nil:
		return outcome{again: true}
	case r.isFailure() && r.isShareable():
		return outcome{failed: r}
	}
	return outcome{}
}

// join returns the flight of all callers that ask for the same, and whether this
// one leads it.
func (l *lookup) join() (f *flight, leads bool) {
	key := l.method + "\n" + l.resource + "\n" + digest(l.req.Header, func(name string) bool {
		return name != "Cache-Control" && name != "Pragma" && l.settings.isIgnored(name)
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.flights[key]; f != nil {
		return f, false
	}
	f = &flight{key: key, resource: l.resource, done: make(chan struct{}), outcome: outcome{again: true}}
	l.flights[key] = f
	return f, true
}

// lead sends the request of a flight, unless another flight has brought a response
// in the meantime. If it panics, another caller leads.
func (l *lookup) lead(f *flight) (response *http.Response, err error) {
	defer l.land(f)
	e := l.find()
	if e != nil {
		if response := l.use(e); response != nil {
			return response, nil
		}
	}
	response, f.outcome, err = l.fetch(e)
	return response, err
}

// land ends a flight.
func (l *lookup) land(f *flight) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.flights[f.key] == f {
		delete(l.flights, f.key)
	}
	close(f.done)
}

// follow waits for the outcome of a flight. It is not over if the leader has left.
func (l *lookup) follow(f *flight) (response *http.Response, err error, isOver bool) {
	select {
	case <-f.done:
	case <-l.req.Context().Done():
		return nil, l.req.Context().Err(), true
	}
	switch o := f.outcome; {
	case o.fresh != nil && o.fresh.matches(l.req.Header):
		l.count(collapsed)
		return o.fresh.response(l.req, time.Now()), nil, true
	case o.stale != nil && o.stale.matches(l.req.Header):
		l.count(stale)
		return o.stale.response(l.req, time.Now()), nil, true
	case o.failed != nil:
		l.count(miss)
		response, err := o.failed.forAnother(l.req)
		return response, err, true
	case o.again:
		return nil, nil, false
	}
	response, _, err = l.fetch(l.find())
	return response, err, true
}
