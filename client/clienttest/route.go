// SPDX-License-Identifier: Apache-2.0

package clienttest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Route configures the responses of a [Port] to one verb and path. Its methods
// add responses to a queue. Each request receives the next one; the last one
// repeats. The methods return the route, so that calls can be chained, and may
// be called while requests are served.
type Route struct {
	verb, path string
	segments   []segment
	wildcards  int

	mu      sync.Mutex
	answers []*answer
	given   int
	delay   time.Duration // of the response that is added next
}

// Respond adds a response with a status, a body and headers.
func (r *Route) Respond(status int, body string, header ...http.Header) *Route {
	return r.add(&answer{status: status, body: []byte(body), header: merge(header)})
}

// RespondJSON adds a response whose body is v encoded as JSON. If v cannot be
// encoded, the request fails with that error.
func (r *Route) RespondJSON(status int, v any, header ...http.Header) *Route {
	body, err := json.Marshal(v)
	if err != nil {
		return r.Fail(misuse("the answer to %s: %v", r, err))
	}
	h := merge(header)
	if h.Get("Content-Type") == "" {
		h.Set("Content-Type", "application/json")
	}
	return r.add(&answer{status: status, body: body, header: h})
}

// Fail adds an error in place of a response. To simulate a service that cannot
// be reached, use a *net.OpError with Op "dial".
func (r *Route) Fail(err error) *Route {
	if err == nil {
		err = misuse("%s: Fail was called with a nil error", r)
	}
	return r.add(&answer{err: err})
}

// RespondFunc adds a function that returns the response. It may read the
// request's body. The request's context is also done when the port is stopped.
func (r *Route) RespondFunc(f func(*http.Request) (*http.Response, error)) *Route {
	if f == nil {
		return r.Fail(misuse("%s: RespondFunc was called with a nil function", r))
	}
	return r.add(&answer{respond: f})
}

// Hang adds a response that never arrives: the request ends when its context is
// done or the port is stopped.
func (r *Route) Hang() *Route { return r.add(&answer{hangs: true}) }

// Delay delays the response that is added next by d. The request's context may
// end it earlier:
//
//	port.On("GET", "/slow").Delay(time.Second).Respond(200, "")
func (r *Route) Delay(d time.Duration) *Route {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delay = d
	return r
}

// String returns the verb and the path.
func (r *Route) String() string { return r.verb + " " + r.path }

// segment is one part of a route's path.
type segment struct {
	text string // unescaped
	any  bool
}

func newRoute(verb, path string) *Route {
	r := &Route{verb: verb, path: path}
	for text := range strings.SplitSeq(path, "/") {
		s := segment{text: unescape(text), any: isWildcard(text)}
		if s.any {
			r.wildcards++
		}
		r.segments = append(r.segments, s)
	}
	return r
}

func isWildcard(segment string) bool {
	return segment == "*" || len(segment) > 2 && segment[0] == '{' && segment[len(segment)-1] == '}'
}

func unescape(segment string) string {
	if plain, err := url.PathUnescape(segment); err == nil {
		return plain
	}
	return segment
}

func (r *Route) matches(verb, escapedPath string) bool {
	asked := strings.Split(escapedPath, "/")
	if verb != r.verb || len(asked) != len(r.segments) {
		return false
	}
	for i, s := range r.segments {
		fits := s.any && asked[i] != "" || !s.any && s.text == unescape(asked[i])
		if !fits {
			return false
		}
	}
	return true
}

func (r *Route) add(a *answer) *Route {
	r.mu.Lock()
	defer r.mu.Unlock()
	a.delay, r.delay = r.delay, 0
	r.answers = append(r.answers, a)
	return r
}

// next returns the next response of the queue.
func (r *Route) next() (*answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.answers) == 0 {
		return nil, misuse("%s has no answer: call Respond, RespondJSON, RespondFunc, Fail or Hang", r)
	}
	if r.delay != 0 {
		return nil, misuse("%s: Delay is not followed by an answer: call it before Respond", r)
	}
	a := r.answers[min(r.given, len(r.answers)-1)]
	r.given++
	return a, nil
}

func merge(headers []http.Header) http.Header {
	merged := http.Header{}
	for _, h := range headers {
		for name, values := range h {
			name = http.CanonicalHeaderKey(name)
			merged[name] = append(merged[name], values...)
		}
	}
	return merged
}
