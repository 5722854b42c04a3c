// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"bytes"
	"container/list"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// entry is a stored response. It is never changed.
type entry struct {
	resource, identity string
	status             int
	header             http.Header
	body               []byte
	directives         directives
	vary               []selection

	initialAge time.Duration // when it was received
	received   time.Time
	lifetime   time.Duration // for which it is fresh

	place *list.Element // in the store, which guards it; nil: none
}

// selection is a header of the request by which the service has chosen the
// response.
type selection struct{ name, value string }

func newEntry(l *lookup, r *reply, header http.Header) *entry {
	e := &entry{
		resource: l.resource, identity: l.identity,
		status: r.status, header: header, body: r.body, directives: parseDirectives(header),
		received: r.received,
	}
	for _, name := range varyOf(header) {
		e.vary = append(e.vary, selection{name, combined(l.req.Header, name)})
	}
	e.initialAge = initialAge(header, r.requested, r.received)
	e.lifetime = lifetime(e, l.settings)
	return e
}

// notStored are headers of the connection (RFC 9111, section 3.1).
var notStored = []string{
	"Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authentication-Info", "Proxy-Authorization", "Proxy-Connection",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade",
}

// storedHeader returns the headers of a response that may be stored: not those of
// the connection, and not those that must not be used without validation.
func storedHeader(header http.Header, s *settings) http.Header {
	d := parseDirectives(header)
	left := slices.Clone(notStored)
	for _, line := range header["Connection"] {
		left = append(left, names(line)...)
	}
	left = append(left, d.fields("no-cache")...)
	if s.shared {
		left = append(left, d.fields("private")...)
	}
	stored := header.Clone()
	for _, name := range left {
		delete(stored, name)
	}
	return stored
}

// names returns the header names of a list.
func names(line string) []string {
	var names []string
	for name := range strings.SplitSeq(line, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, http.CanonicalHeaderKey(name))
		}
	}
	return names
}

// varyOf returns the names in the Vary headers.
func varyOf(header http.Header) []string {
	var all []string
	for _, line := range header["Vary"] {
		all = append(all, names(line)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// combined returns all values of a header as one, with the white space around
// commas normalised.
func combined(header http.Header, name string) string {
	var parts []string
	for _, line := range header[name] {
		for part := range strings.SplitSeq(line, ",") {
			parts = append(parts, strings.TrimSpace(part))
		}
	}
	if parts == nil {
		return "\x00" // differs from an empty header
	}
	return strings.Join(parts, ", ")
}

// matches reports whether the response is one to a request with such headers.
func (e *entry) matches(header http.Header) bool {
	for _, s := range e.vary {
		if combined(header, s.name) != s.value {
			return false
		}
	}
	return true
}

// response makes a response for a request.
func (e *entry) response(req *http.Request, now time.Time) *http.Response {
	response := newResponse(req, e.status, e.header, e.body)
	response.Header.Set("Age", strconv.FormatInt(int64(e.age(now)/time.Second), 10))
	return response
}

// newResponse makes a response that owns its headers.
func newResponse(req *http.Request, status int, header http.Header, body []byte) *http.Response {
	own := http.Header{}
	maps.Copy(own, header.Clone())
	return &http.Response{
		Status:     fmt.Sprintf("%d %s", status, http.StatusText(status)),
		StatusCode: status, Proto: req.Proto, ProtoMajor: req.ProtoMajor, ProtoMinor: req.ProtoMinor,
		Header: own, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}
}

// validators adds what lets the service say that the response is still good. It
// reports whether there is anything.
func (e *entry) validators(header http.Header) bool {
	etag, modified := e.header.Get("ETag"), e.header.Get("Last-Modified")
	if etag != "" {
		header.Set("If-None-Match", etag)
	}
	if modified != "" {
		header.Set("If-Modified-Since", modified)
	}
	return etag != "" || modified != ""
}

// kept are headers that tell about the stored body, which a 304 does not change.
var kept = []string{"Content-Encoding", "Content-Length", "Content-Range", "Age"}

// freshened returns the entry with the headers of a 304 (RFC 9111, section 4.3.4),
// or nil if that is not about this response.
func (e *entry) freshened(l *lookup, r *reply) *entry {
	if !isSame(e.header.Get("ETag"), r.header.Get("ETag")) ||
		r.header.Get("ETag") == "" && !isSame(e.header.Get("Last-Modified"), r.header.Get("Last-Modified")) {
		return nil
	}
	header := e.header.Clone()
	delete(header, "Age")
	update := storedHeader(r.header, l.settings)
	for name, values := range update {
		if !slices.Contains(kept, name) {
			header[name] = values
		}
	}
	if age := r.header["Age"]; len(age) > 0 {
		header["Age"] = age
	}
	updated := *r
	updated.status, updated.body = e.status, e.body
	return newEntry(l, &updated, header)
}

// isSame compares validators weakly. A response that has none is about the one
// that was asked for.
func isSame(stored, received string) bool {
	return received == "" || strings.TrimPrefix(stored, "W/") == strings.TrimPrefix(received, "W/")
}

// size is about how many bytes the entry takes.
func (e *entry) size() int64 {
	const overhead = 600 // structs, maps, the places in the store
	size := overhead + len(e.resource) + len(e.identity) + len(e.body)
	for name, values := range e.header {
		size += 2 * (len(name) + 16*len(values))
		for _, value := range values {
			size += len(value)
		}
	}
	for _, s := range e.vary {
		size += len(s.name) + len(s.value) + 32
	}
	return int64(size)
}
