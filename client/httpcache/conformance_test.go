// SPDX-License-Identifier: Apache-2.0

package httpcache_test

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pyfly-go/pyfly/client"
)

// The cases of these tables are those of the public suite
// https://github.com/http-tests/cache-tests, by their names there. Where the suite
// only asks what a cache does, the case says what this one does. Not applicable:
//
//   - partial: parts are neither stored nor combined; a request for one is sent.
//   - conditional requests of the caller, answered with 304 by the cache: they are
//     sent.
//   - interim responses and redirects: the port handles them.
//   - status-5xx-fresh: what says that the service has failed is not stored.
//   - method-POST, update-head: only responses to GET are stored and updated.
//   - surrogate-control, cdn-cache-control: this is no cache of a gateway.
//   - uncached, browser reloads, headers about which a browser has rules.
//   - the header Warning, which RFC 9111 has removed.

type expectation string

const (
	cached      expectation = "cached"       // the service is not asked, the last response of the URL is used
	cachedFirst expectation = "cached first" // the service is not asked, the first response is used
	notCached   expectation = "not cached"   // the service is asked, and its response used
	validated   expectation = "validated"    // the service is asked, and the stored response used
	failing     expectation = "failing"      // the service is asked, and its failure told
)

// step is a request of a case.
type step struct {
	method  string   // "" for GET
	link    string   // "" for one of the case; {} stands for its number
	asks    []string // headers of the request
	status  int      // of the response; 0 for 200, -1 for a broken connection
	answers []string // headers of the response
	pause   int      // seconds before the request
	want    expectation
	has     []string // headers that the caller gets
	lacks   []string // and does not get
	sends   []string // headers that the service gets
}

// mode is the kind of cache to which a case applies.
type mode int

const (
	both mode = iota
	privateOnly
	sharedOnly
)

type conformanceCase struct {
	id    string
	mode  mode
	steps []step
}

// reuse is a case of two equal requests with a pause of three seconds.
func reuse(id string, m mode, want expectation, answers ...string) conformanceCase {
	return conformanceCase{id, m, []step{{answers: answers}, {pause: 3, want: want}}}
}

// at is like reuse without a pause.
func at(id string, m mode, want expectation, answers ...string) conformanceCase {
	return conformanceCase{id, m, []step{{answers: answers}, {want: want}}}
}

func TestConformance(t *testing.T) {
	for name, cases := range map[string][]conformanceCase{
		"freshness": freshnessCases, "cc-parse": parsingCases, "age-parse": ageCases, "expires": expiresCases, "cc-response": responseCases,
		"cc-request": requestCases, "stale": staleCases, "conditional": validationCases, "heuristic": heuristicCases(), "status": statusCases(),
		"authorization": authorizationCases, "vary": varyCases, "update304": updateCases(), "other": otherCases, "invalidation": invalidationCases(),
	} {
		t.Run(name+"/private", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { runCases(t, cases, privateOnly) }) })
		t.Run(name+"/shared", func(t *testing.T) { synctest.Test(t, func(t *testing.T) { runCases(t, cases, sharedOnly) }) })
	}
}

// runCases makes the requests of all cases for a kind of cache, those of a case to
// URLs of its own.
func runCases(t *testing.T, cases []conformanceCase, m mode) {
	r := &caseRunner{T: t}
	r.service.respond = r.respond
	r.docs, _ = start(t, &r.service, map[string]any{"cache.shared": m == sharedOnly})
	for i, c := range cases {
		if c.mode == both || c.mode == m {
			r.run(c, fmt.Sprint(i))
		}
	}
}

// caseRunner makes the requests of cases one after the other.
type caseRunner struct {
	*testing.T
	service service
	docs    *docClient
	step    step // that is made
}

// respond responds to the request of a step.
func (r *caseRunner) respond(req *http.Request, n int) (*http.Response, error) {
	s := r.step
	switch {
	case s.status == -1:
		return nil, errors.New("the connection broke")
	case s.want == validated && s.status == 0 && (req.Header["If-None-Match"] != nil || req.Header["If-Modified-Since"] != nil):
		return responded(http.StatusNotModified, "", s.answers...), nil
	}
	return responded(cmp.Or(s.status, 200), fmt.Sprint(n), s.answers...), nil
}

func (r *caseRunner) run(c conformanceCase, id string) {
	bodies := map[string]string{} // the last by link
	first := ""
	for i, s := range c.steps {
		s.link = strings.ReplaceAll(cmp.Or(s.link, "/api/{}"), "{}", id)
		s.answers = slices.Clone(s.answers)
		for i := range s.answers {
			s.answers[i] = strings.ReplaceAll(s.answers[i], "{}", id)
		}
		r.step = s
		time.Sleep(time.Duration(s.pause) * time.Second)
		before := r.service.count()
		status, header, body := outcome(s.send(r.T, r.docs))
		sent := r.service.count() - before
		at := fmt.Sprintf("%s, request %d", c.id, i+1)
		switch s.want {
		case cached:
			assert.Zero(r, sent, "%s was sent", at)
			assert.Equal(r, bodies[s.link], body, at)
		case cachedFirst:
			assert.Zero(r, sent, "%s was sent", at)
			assert.Equal(r, first, body, at)
		case notCached, failing:
			assert.Equal(r, 1, sent, "%s was not sent once", at)
			assert.Equal(r, max(0, cmp.Or(s.status, 200)), status, at)
		case validated:
			assert.Equal(r, 1, sent, "%s was not sent once", at)
			assert.Equal(r, bodies[s.link], body, at)
			assert.Equal(r, 200, status, at)
		}
		if s.method == "" && s.want != failing {
			bodies[s.link] = body
			first = cmp.Or(first, body)
		}
		s.check(r.T, at, header, &r.service)
	}
}

func (s step) check(t *testing.T, at string, got http.Header, of *service) {
	for _, h := range s.has {
		name, value, _ := strings.Cut(h, ": ")
		assert.Equal(t, value, strings.Join(got[http.CanonicalHeaderKey(name)], ", "), "%s got %s", at, name)
	}
	for _, name := range s.lacks {
		assert.NotContains(t, got, name, at)
	}
	for _, h := range s.sends {
		name, value, _ := strings.Cut(h, ": ")
		assert.Equal(t, value, of.last().Header.Get(name), "%s sent %s", at, name)
	}
}

func (s step) send(t *testing.T, docs *docClient) (client.Response[string], error) {
	link, header := client.URL(s.link), headerOf(s.asks...)
	switch s.method {
	case "POST":
		return docs.Post(t.Context(), "abc", link, header)
	case "PUT":
		return docs.Put(t.Context(), "abc", link, header)
	case "PATCH":
		return docs.Patch(t.Context(), "abc", link, header)
	case "DELETE":
		return docs.Delete(t.Context(), link, header)
	case "HEAD":
		return docs.Head(t.Context(), link, header)
	}
	return docs.Get(t.Context(), link, header)
}
