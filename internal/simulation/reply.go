// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Thing is what servers answer with.
type Thing struct {
	ID     string `json:"id"`
	Mark   string `json:"mark"`
	Tenant string `json:"tenant,omitempty"`
	Index  int    `json:"index,omitempty"`
	Fill   string `json:"fill,omitempty"`
}

// largeFill is more than the setting max-response-size of worlds that have one.
const largeFill = 9000

// maxResponseSize is that setting.
const maxResponseSize = 4 << 10

// replying is a server on its way to answer a request.
type replying struct {
	*server
	w http.ResponseWriter
	r *http.Request
	a *arrival
	d draws
}

// update changes the arrival, which others may read.
func (p *replying) update(change func(a *arrival)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p.a)
}

func (p *replying) run() {
	if p.hasAny("hedge", "hedge.method") && p.has("net.slow-dial") {
		// A connection that becomes idle is handed to a leg that waits for one at
		// the very instant at which that leg is cancelled: what happens first
		// would be the scheduler's choice.
		p.w.Header().Set("Connection", "close")
	}
	if p.a.reply != "early" {
		p.readBody()
	}
	p.sleep(p.d.between(0, 12*time.Millisecond))
	switch p.a.reply {
	case "slow":
		p.pauseUnlessGone(p.d.between(30*time.Millisecond, 1500*time.Millisecond))
		p.answer(http.StatusOK)
	case "stall":
		p.pauseUnlessGone(time.Hour)
		panic(http.ErrAbortHandler)
	case "cut":
		if p.d.oneIn(2) {
			p.w.Header().Set("Content-Length", "1000")
			p.w.WriteHeader(http.StatusOK)
			p.update(func(a *arrival) { a.status = http.StatusOK })
			_, _ = io.WriteString(p.w, `{"id":"`+p.a.call)
			p.flush()
			p.sleep(p.d.between(time.Millisecond, 20*time.Millisecond))
		}
		panic(http.ErrAbortHandler)
	case "close":
		p.w.Header().Set("Connection", "close")
		p.answer(http.StatusOK)
	case "early":
		p.status(http.StatusServiceUnavailable, "")
	case "lie":
		p.lie()
	case "informational":
		p.w.Header().Set("Link", "</style.css>; rel=preload")
		p.w.WriteHeader(http.StatusEarlyHints)
		p.w.Header().Del("Link")
		p.sleep(p.d.between(0, 20*time.Millisecond))
		p.answer(http.StatusOK)
	case "redirect", "redirect-allowed", "redirect-foreign", "redirect-dead", "redirect-https":
		p.redirect()
	case "too-many-requests":
		p.w.Header().Set("Retry-After", pick(p.d, "0", "1"))
		p.status(http.StatusTooManyRequests, "")
	case "retry-after":
		p.w.Header().Set("Retry-After", pick(p.d, "0", "1", "2"))
		p.status(http.StatusServiceUnavailable, "")
	case "unavailable":
		p.status(pick(p.d, 500, 502, 503, 504, 408), pick(p.d, "", problem))
	case "client-error":
		p.status(pick(p.d, 400, 401, 403, 404, 409, 422), pick(p.d, "", problem))
	case "empty":
		p.finish(pick(p.d, http.StatusNoContent, http.StatusOK), nil)
	case "bad-json":
		p.w.Header().Set("Content-Type", "application/json")
		p.finish(http.StatusOK, []byte(`{"id":`+strings.Repeat(" ", 600)+`oops `+mark(p.a.call)))
	default:
		p.answer(http.StatusOK)
	}
}

const problem = `{"type":"about:blank","title":"no luck","detail":"%s"}`

// readBody reads the request's body.
func (p *replying) readBody() {
	body, err := io.ReadAll(io.LimitReader(p.r.Body, 4<<20))
	p.update(func(a *arrival) {
		a.bodyRead, a.bodyWhole = body, err == nil
		a.marks = append(a.marks, marks.FindAllString(string(body), -1)...)
		a.planted = a.planted || strings.Contains(string(body), planted)
	})
}

// status answers with a status that is not of the 2xx.
func (p *replying) status(status int, body string) {
	if body != "" {
		p.w.Header().Set("Content-Type", "application/problem+json")
		body = fmt.Sprintf(body, mark(p.a.call))
	} else {
		body = "refused " + mark(p.a.call)
	}
	notActed := status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable && p.w.Header().Get("Retry-After") != ""
	// "The request has not been applied", says RFC 9110, section 15.5.2: a client
	// may come back with another token.
	notActed = notActed || status == http.StatusUnauthorized
	p.update(func(a *arrival) { a.acted = !notActed })
	p.finish(status, []byte(body))
}

// finish writes a response whole.
func (p *replying) finish(status int, body []byte) {
	p.w.Header().Set("X-Reply", mark(p.a.call))
	p.update(func(a *arrival) { a.status = status })
	if p.a.reply != "close" && p.a.reply != "informational" && status != http.StatusNoContent && status != http.StatusNotModified {
		// In chunks the end of the body may come with the last of them or after it:
		// who does not read to the end would lose the connection in some runs.
		p.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	p.w.WriteHeader(status)
	if p.r.Method != http.MethodHead {
		_, _ = p.w.Write(body)
	}
	p.flush()
	p.update(func(a *arrival) { a.done = p.now() })
}

func (p *replying) flush() { _ = http.NewResponseController(p.w).Flush() }

// lie sends another length than it says.
func (p *replying) lie() {
	connection, buffer, err := http.NewResponseController(p.w).Hijack()
	if err != nil { // HTTP/2 frames its bodies
		panic(http.ErrAbortHandler)
	}
	defer func() { _ = connection.Close() }()
	body := `{"id":"` + p.a.call + `","mark":"` + mark(p.a.call) + `"}`
	length := pick(p.d, len(body)+10, len(body)-5)
	p.update(func(a *arrival) { a.status = http.StatusOK })
	_, _ = fmt.Fprintf(buffer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", length, body)
	_ = buffer.Flush()
}

// redirect sends the client elsewhere.
func (p *replying) redirect() {
	host := ownHost
	switch p.a.reply {
	case "redirect-allowed":
		host = allowedHost
	case "redirect-foreign":
		host = foreignHost
	case "redirect-dead":
		host = deadHost
	}
	base := p.url(host)
	if p.a.reply == "redirect-https" {
		base = "https://" + host
	}
	status := pick(p.d, 301, 302, 303, 307, 308)
	path := p.r.URL.Path
	if m := hopPath.FindStringSubmatch(path); m != nil {
		path = m[2]
	}
	p.w.Header().Set("Location", fmt.Sprintf("%s/hop/%d%s?call=%s", base, p.a.hop+1, path, p.a.call))
	p.note(p.host+" < "+p.a.call, "redirects by %d to %s", status, host)
	p.finish(status, []byte("moved "+mark(p.a.call)))
}

// answer sends what the operation returns.
func (p *replying) answer(status int) {
	switch op := operationOf(p.r.URL.Path); op {
	case "items":
		p.stream(p.items())
	case "events", "again":
		p.stream(p.events())
	case "stream", "raw":
		p.stream(p.parts())
	case "list":
		p.answerPage()
	default:
		if (op == "poll" || op == "peek") && p.answerUnmodified() {
			return
		}
		p.answerWhole(status)
	}
}

func (p *replying) thing() Thing {
	return Thing{ID: p.a.call, Mark: mark(p.a.call), Tenant: p.r.Header.Get("X-Tenant")}
}

func (p *replying) answerWhole(status int) {
	thing := p.thing()
	if p.a.reply == "large" {
		thing.Fill = strings.Repeat("x", largeFill)
	}
	p.answerJSON(status, thing)
}

// answerJSON sends a value, in the coding of the reply.
func (p *replying) answerJSON(status int, value any) {
	body, _ := json.Marshal(value)
	p.w.Header().Set("Content-Type", "application/json")
	switch accepts := p.r.Header.Get("Accept-Encoding"); {
	case p.a.reply == "gzip" && strings.Contains(accepts, "gzip"):
		p.w.Header().Set("Content-Encoding", "gzip")
		body = compressed(body)
	case p.a.reply == "gzip" && strings.Contains(accepts, "sim"):
		p.w.Header().Set("Content-Encoding", "sim")
		body = append([]byte("S"), body...)
	case p.a.reply == "gzip-broken":
		p.w.Header().Set("Content-Encoding", pick(p.d, "gzip", "gzip", "sim"))
	}
	p.update(func(a *arrival) { a.good = p.a.reply != "gzip-broken" })
	p.finish(status, body)
}

// part is a piece of a body, written after a pause.
type part struct {
	text      string
	pause     time.Duration
	isElement bool
}

func (p *replying) pauseOf(i int) time.Duration {
	if p.a.reply == "stall-body" && i == 2 {
		return time.Hour
	}
	return p.d.between(0, 15*time.Millisecond)
}

const elements = 5

func (p *replying) items() []part {
	asArray := p.d.oneIn(2)
	p.w.Header().Set("Content-Type", "application/x-ndjson")
	open, separator, end := "", "\n", ""
	if asArray {
		p.w.Header().Set("Content-Type", "application/json")
		open, separator, end = "[", ",", "]"
	}
	var parts []part
	for i := range elements {
		thing := p.thing()
		thing.Index = i
		text, _ := json.Marshal(thing)
		before := separator
		if i == 0 {
			before = open
		}
		parts = append(parts, part{before + string(text), p.pauseOf(i), true})
	}
	return append(parts, part{text: end + "\n"})
}

func (p *replying) events() []part {
	p.w.Header().Set("Content-Type", "text/event-stream")
	line := "\n"
	if p.a.reply == "cr-events" {
		line = "\r"
	}
	retry := ""
	if p.d.oneIn(4) {
		retry = "retry: " + pick(p.d, "0", "20", "500") + line
	}
	var parts []part
	for i := range elements {
		thing := p.thing()
		thing.Index = i
		text, _ := json.Marshal(thing)
		parts = append(parts, part{fmt.Sprintf("%sid: %d%sdata: %s%s%s", retry, i, line, text, line, line), p.pauseOf(i), true})
		retry = ""
	}
	return parts
}

func (p *replying) parts() []part {
	p.w.Header().Set("Content-Type", "application/octet-stream")
	var parts []part
	for i := range elements {
		parts = append(parts, part{fmt.Sprintf("part %d %s\n", i, mark(p.a.call)), p.pauseOf(i), true})
	}
	return parts
}

// stream writes a body piece by piece.
func (p *replying) stream(parts []part) {
	p.update(func(a *arrival) { a.status, a.good = http.StatusOK, true })
	p.w.Header().Set("X-Reply", mark(p.a.call))
	p.w.WriteHeader(http.StatusOK)
	p.flush()
	for _, part := range parts {
		if part.pause >= time.Hour {
			p.update(func(a *arrival) { a.pause = part.pause })
			p.pauseUnlessGone(part.pause)
			panic(http.ErrAbortHandler)
		}
		p.sleep(part.pause)
		if _, err := io.WriteString(p.w, part.text); err != nil {
			return
		}
		p.flush()
		p.update(func(a *arrival) {
			a.pause = max(a.pause, part.pause)
			if part.isElement {
				a.sent++
				a.sentAt = append(a.sentAt, p.now())
			}
		})
	}
	p.update(func(a *arrival) { a.done = p.now() })
}

// pauseUnlessGone waits until the client is gone, or the world ends.
func (p *replying) pauseUnlessGone(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-p.r.Context().Done():
	case <-p.over:
	}
}
