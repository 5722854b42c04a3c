// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"bytes"
	"cmp"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// slack is what the user's code of a world takes at most beside the product.
const slack = 100 * time.Millisecond

// judge checks what must hold after every world.
func (w *World) judge() {
	for _, c := range w.calls {
		if c.ended == 0 {
			continue // reported when it hung
		}
		w.judgeActs(c)
		w.judgeKeys(c)
		w.judgeLimits(c)
		w.judgeResult(c)
		w.judgeTexts(c)
		w.judgeStream(c)
		w.judgeHedges(c)
		w.judgeReconnections(c)
		w.judgeRemovedHeader(c)
		w.judgeNotModified(c)
		w.judgePages(c)
	}
	w.judgeRequests()
	w.judgeSharedKeys()
	w.judgeLimiter()
	w.judgeBulkhead()
	w.judgeStop()
	w.judgeTelemetry()
	for host, n := range w.network.Open() {
		w.find("connection-left", "%d to %s after the end", n, host)
	}
	if w.tooMany.Load() {
		w.find("too-many-requests", "more than %d", mostArrivals)
	}
}

// arrivalsOf are the requests of a call, in their order.
func (w *World) arrivalsOf(c *call) []*arrival {
	var of []*arrival
	for _, a := range w.arrivals {
		if a.call == c.id {
			of = append(of, a)
		}
	}
	return of
}

// judgeActs checks that what is not idempotent was done at most once.
func (w *World) judgeActs(c *call) {
	if c.op.isRepeatable() {
		return
	}
	acted, redirected := map[string]int{}, false
	for _, a := range w.arrivalsOf(c) {
		if strings.HasPrefix(a.reply, "redirect") && a.verb == c.op.verb {
			redirected = true
		}
		if a.verb == c.op.verb && a.acted {
			acted[fmt.Sprintf("%s hop %d", a.host, a.hop)]++
		}
	}
	for where, n := range acted {
		if n < 2 {
			continue
		}
		kind := "done-twice"
		switch {
		case c.was("code.interceptor-dials"), c.was("code.transport-dials"):
			kind = "done-twice-by-a-dial-error-of-the-users"
		case redirected:
			kind = "done-twice-after-a-redirect"
		}
		w.find(kind, "call %s (%s) acted %d times at %s", c.id, c.op.name, n, where)
	}
}

// judgeKeys checks the Idempotency-Key.
func (w *World) judgeKeys(c *call) {
	keys := map[string]bool{}
	for _, a := range w.arrivalsOf(c) {
		if a.verb == c.op.verb && a.hop == 0 {
			keys[a.key] = true
		}
	}
	if c.op.keyed && (len(keys) > 1 || keys[""]) {
		w.find("idempotency-key-changes", "call %s has the keys %v", c.id, slices.Sorted(mapKeys(keys)))
	}
	if !c.op.keyed && len(keys) > 0 && (len(keys) > 1 || !keys[""]) {
		w.find("idempotency-key-unasked", "call %s (%s) has the keys %v", c.id, c.op.name, slices.Sorted(mapKeys(keys)))
	}
}

func (w *World) judgeSharedKeys() {
	owner := map[string]string{}
	for _, a := range w.arrivals {
		if a.key == "" {
			continue
		}
		if other, taken := owner[a.key]; taken && other != a.call {
			w.find("idempotency-key-shared", "calls %s and %s", other, a.call)
		}
		owner[a.key] = a.call
	}
}

// judgeLimits checks that the call ended in time.
func (w *World) judgeLimits(c *call) {
	kind := "outlasts-its-limit"
	if c.blocks {
		kind = "blocked-body-holds-a-call"
	}
	if c.limit > 0 && c.ended > max(c.limit, c.handed)+slack {
		w.find(kind, "call %s (%s) ended at %s, its context at %s", c.id, c.op.name, c.ended, c.limit)
	}
	if c.op.streams || strings.HasPrefix(c.op.name, "pl") || c.op.name == "pipeline" || c.op.name == "pages" {
		return
	}
	total, wait := time.Duration(0), time.Duration(0)
	for _, v := range w.versions {
		if v.total == 0 {
			return
		}
		total, wait = max(total, v.total), max(wait, v.wait)
	}
	if c.was("code.call-interceptor-twice") {
		total, wait = 2*total, 2*wait
	}
	if took := c.ended - c.begun; took > total+wait+slack {
		w.find(kind, "call %s (%s) took %s, its total timeout is %s", c.id, c.op.name, took, total)
	}
}

// judgeResult checks the value or the error that the call ended in.
func (w *World) judgeResult(c *call) {
	switch {
	case c.panicked != nil:
		if c.was("code.interceptor-exits") && strings.Contains(fmt.Sprint(c.panicked), "Goexit") { // of a hedge, whose caller must know
			return
		}
		if !c.was("code.interceptor-panics") && !c.was("code.call-interceptor-panics") && !c.was("code.codec-panics") && !c.was("code.decoder-panics") {
			w.find("panic in "+origin(c.stack), "call %s (%s): %.300v", c.id, c.op.name, c.panicked)
		}
		return
	case c.exited:
		if !c.was("code.interceptor-exits") {
			w.find("goroutine-exits", "call %s (%s)", c.id, c.op.name)
		}
		return
	}
	for _, m := range marks.FindAllString(c.seen(), -1) {
		if m != mark(c.id) && c.op.name != "page" {
			w.find("mixed", "call %s (%s) got something of %s", c.id, c.op.name, m)
		}
	}
	if thing, ok := thingOf(c.value); ok && c.err == nil {
		w.judgeThing(c, thing)
	}
	if c.err != nil {
		w.judgeError(c)
	}
}

// origin is the first function of the product's in the stack of a panic.
func origin(stack string) string {
	_, stack, _ = strings.Cut(stack, "panic(")
	for line := range strings.Lines(stack) {
		if name, ok := strings.CutPrefix(line, "github.com/pyfly-go/pyfly/"); ok && !strings.HasPrefix(name, "internal/simulation") {
			name, _, _ = strings.Cut(name, "(0x")
			return strings.TrimSpace(name)
		}
	}
	return "unknown"
}

func thingOf(value any) (Thing, bool) {
	switch v := value.(type) {
	case Thing:
		return v, true
	case client.Response[Thing]:
		return v.Body, true
	}
	return Thing{}, false
}

func (w *World) judgeThing(c *call, thing Thing) {
	if thing.Tenant != "" && thing.Tenant != c.tenant {
		w.find("of-another-tenant", "call %s (%s) of %s got a response for %s", c.id, c.op.name, c.tenant, thing.Tenant)
	}
	if c.fellBack || c.op.name == "page" || thing.ID == c.id {
		return
	}
	if thing == (Thing{}) { // of an empty response
		return
	}
	w.find("wrong-value", "call %s (%s) got %.200v", c.id, c.op.name, thing)
}

func (w *World) judgeError(c *call) {
	if c.op.name == "pipeline" {
		if errors.Is(c.err, errEmpty) {
			w.find("pipeline-loses-its-value", "call %s: %v", c.id, c.err)
		}
		return
	}
	var e *client.Error
	if !errors.As(c.err, &e) {
		if c.op.name == "pages" && c.limit > 0 && c.ended >= c.limit { // between two pages
			return
		}
		if !c.fellBack || !errors.Is(c.err, errCode) && !strings.Contains(c.err.Error(), "fallback panicked") {
			if !c.opened { // a stream's own errors are the reader's
				w.find("error-untyped", "call %s (%s): %T %.200v", c.id, c.op.name, c.err, c.err)
			}
		}
		return
	}
	if errors.Is(c.err, client.ErrStopped) && c.id == "u0-1" {
		w.find("stopped-before-its-beans", "a bean that stops calls a client: %v", c.err)
	}
	took := c.ended - c.begun
	if !c.op.streams && !c.fellBack && c.op.name != "again" && c.op.name != "pages" && !c.was("code.call-interceptor-twice") && (e.Elapsed < took-slack || e.Elapsed > took+time.Millisecond) {
		w.find("elapsed-wrong", "call %s (%s) took %s, its error says %s", c.id, c.op.name, took, e.Elapsed)
	}
	if c.cancels && c.limit > 0 && errors.Is(c.err, context.DeadlineExceeded) && c.ended >= c.limit && c.ended <= c.limit+time.Millisecond && !errors.Is(c.err, context.Canceled) {
		w.find("cancellation-is-a-timeout", "call %s: %v", c.id, c.err)
	}
	of := w.arrivalsOf(c)
	if len(of) == 0 {
		return
	}
	last := of[len(of)-1]
	areGood := !slices.ContainsFunc(of, func(a *arrival) bool { return !a.good })
	if errors.Is(c.err, client.ErrDecode) && areGood && !c.was("code.interceptor-early") && !c.was("code.call-interceptor-early") && !c.limitedBody() && !c.was("code.codec-panics") {
		kind := "cut-is-a-decode-error"
		w.find(kind, "call %s (%s), to which %s was sent: %v", c.id, c.op.name, last.reply, c.err)
	}
	if c.op.name == "touch" && last.reply == "large" && errors.Is(c.err, client.ErrTooLarge) {
		w.find("unread-body-too-large", "call %s returns only error: %v", c.id, c.err)
	}
	for i, a := range of {
		if a.reply == "gzip-broken" && !c.op.streams && c.op.name != "pages" && i+1 < len(of) && of[i+1].hop == a.hop && !w.isHedged() && !c.usersRepeat() && a.done > 0 && a.status == http.StatusOK && !w.has("net.cut") {
			w.find("decode-error-retried", "call %s (%s): a response that is not gzip was asked for again", c.id, c.op.name)
			break
		}
	}
	if last.reply == "gzip-broken" && last.done > 0 && c.op.reads && !errors.Is(c.err, client.ErrDecode) && c.limit == 0 && !w.has("net.cut") && len(of) == e.Attempts && e.Status/100 == 2 {
		w.find("broken-coding-is-no-decode-error", "call %s (%s): %v", c.id, c.op.name, c.err)
	}
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	if errors.As(c.err, &unknown) && w.has("auth.oauth2") {
		w.find("token-request-ignores-tls", "call %s (%s): %v", c.id, c.op.name, c.err)
		return
	}
	if (errors.As(c.err, &host) || errors.As(c.err, &unknown)) && !w.has("net.impostor") {
		w.find("tls-refuses-the-right-certificate", "call %s (%s): %v", c.id, c.op.name, c.err)
	}
}

func (c *call) limitedBody() bool {
	return slices.ContainsFunc(c.versions, func(v *version) bool { return v.limited })
}

// usersRepeat reports whether code of the user's sends requests again.
func (c *call) usersRepeat() bool {
	return c.was("code.interceptor-dials") || c.was("code.transport-dials") || c.was("code.interceptor-twice") || c.was("code.call-interceptor-twice") || c.has("auth.oauth2")
}

func (w *World) isHedged() bool {
	return slices.ContainsFunc(w.versions, func(v *version) bool { return v.hedged })
}

// judgeTexts checks what an error tells.
func (w *World) judgeTexts(c *call) {
	if c.err == nil {
		return
	}
	w.shown("error of "+c.op.name, c.err.Error())
	if n := len(c.err.Error()); n > longestText {
		w.find("text-unbounded", "the error of call %s has %d bytes: %.100s", c.id, n, c.err.Error())
	}
	var e *client.Error
	if errors.As(c.err, &e) {
		if text, err := json.Marshal(e.Header); err == nil && !w.isEchoed(c) {
			w.shown("header of an error", string(text))
		}
		w.shown("URL of an error", e.URL)
	}
}

// judgeReconnections checks that a stream of events that begins again waits before
// it does.
func (w *World) judgeReconnections(c *call) {
	of := w.arrivalsOf(c)
	if c.op.name != "again" || w.hasAny("hedge", "code.interceptor-twice", "code.interceptor-dials", "code.transport-dials", "net.linger", "net.cut", "server.idle-death", "server.redirect-https") {
		return
	}
	for i, a := range of[:max(0, len(of)-1)] {
		if next := of[i+1]; a.done > 0 && a.status == http.StatusOK && a.hop == 0 && next.hop == 0 && next.at < a.done+time.Millisecond && a.sent > 0 {
			w.find("reconnects-without-pause", "call %s: a stream ended at %s, the next began at %s", c.id, a.done, next.at)
			return
		}
	}
}

// judgeRemovedHeader checks that a CallInterceptor can take off a header.
func (w *World) judgeRemovedHeader(c *call) {
	if !c.was("code.call-interceptor-removes") {
		return
	}
	for _, a := range w.arrivalsOf(c) {
		if strings.Contains(a.header, "X-M: a") {
			w.find("header-cannot-be-removed", "call %s (%s): the header that a call interceptor removes was sent", c.id, c.op.name)
			return
		}
	}
}

// judgeBulkhead checks that no more calls were under way than the client's
// bulkhead lets in.
func (w *World) judgeBulkhead() {
	if len(w.versions) != 1 || w.versions[0].concurrent == 0 || w.hasAny("operator.stop", "bulkhead.method") {
		return
	}
	type change struct {
		at       time.Duration
		by       int
		isStream bool
	}
	var changes []change
	for _, c := range w.calls {
		of := w.arrivalsOf(c)
		if len(of) == 0 || c.ended == 0 || c.op.name == "again" || c.op.name == "pages" || strings.HasPrefix(c.op.name, "pl") || c.was("code.call-interceptor-twice") || c.exited || c.panicked != nil {
			continue
		}
		changes = append(changes, change{of[0].at, 1, c.op.streams}, change{c.ended, -1, c.op.streams})
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.by, b.by)) })
	inside, streams := 0, 0
	for _, c := range changes {
		inside += c.by
		if c.isStream {
			streams += c.by
		}
		if inside > w.versions[0].concurrent {
			kind := "bulkhead-exceeded"
			if streams > 0 {
				kind = "bulkhead-exceeded-by-streams"
			}
			w.find(kind, "%d calls at %s, the limit is %d", inside, c.at, w.versions[0].concurrent)
			return
		}
	}
}

// isEchoed reports whether a server has sent a secret back, in the header Location.
func (w *World) isEchoed(c *call) bool { return c.op.name == "secret" }

// judgeStream checks what the reader of a stream got.
func (w *World) judgeStream(c *call) {
	if !c.op.streams || c.op.name == "again" {
		return
	}
	of := w.arrivalsOf(c)
	if len(of) == 0 || !c.opened {
		return
	}
	last := of[len(of)-1]
	if c.err == nil && !c.left && c.elements < elements && last.sent < elements && last.reply != "empty" && c.op.name != "events" && last.good && !c.was("code.interceptor-early") && !c.was("code.call-interceptor-early") {
		w.find("stream-silently-short", "call %s (%s) got %d elements and no error", c.id, c.op.name, c.elements)
	}
	if last.reply == "cr-events" && len(c.times) > 0 && len(last.sentAt) > 0 && len(of) == 1 {
		for i, at := range c.times[:min(len(c.times), len(last.sentAt))] {
			if at > last.sentAt[i]+time.Millisecond && !c.worked {
				w.find("event-held-back", "call %s: event %d was sent at %s and received at %s", c.id, i, last.sentAt[i], at)
				break
			}
		}
	}
	idle := 30 * time.Second
	for _, v := range w.versions {
		idle = min(idle, v.idleTimeout)
	}
	if c.err != nil && strings.Contains(c.err.Error(), "stream-idle-timeout") && last.pause < idle-time.Millisecond && c.worked {
		w.find("slow-reader-loses-its-stream", "call %s (%s): the server never paused for %s, the caller did: %v", c.id, c.op.name, idle, c.err)
	}
}

// judgeHedges checks that a definite response ends a hedged call.
func (w *World) judgeHedges(c *call) {
	if !w.isHedged() || c.err == nil || c.op.streams || w.hasAny("code.interceptor-twice", "code.call-interceptor-twice", "code.interceptor-dials", "code.transport-dials", "retry.statuses", "code.retry-if", "operator.restart", "net.cut", "net.linger") {
		return
	}
	for _, a := range w.arrivalsOf(c) {
		if a.reply == "client-error" && a.done > 0 && a.hop == 0 && a.status != http.StatusUnauthorized && c.ended > a.done+slack {
			w.find("definite-response-waits", "call %s (%s) was answered %d at %s and ended at %s", c.id, c.op.name, a.status, a.done, c.ended)
			return
		}
	}
}

// judgeRequests checks what servers were sent.
func (w *World) judgeRequests() {
	for _, a := range w.arrivals {
		for _, m := range a.marks {
			if m != mark(a.call) {
				w.find("mixed", "%s %s of call %s brings something of %s", a.verb, a.host, a.call, m)
			}
		}
		if a.host != ownHost && a.host != authHost && a.planted && !w.isSecretCall(a) {
			w.find("credential-at-another-host", "%s got %s of call %s", a.host, plantedIn(a.header+string(a.bodyRead)), a.call)
		}
		if a.host == allowedHost && w.has("net.impostor") && w.secure() {
			w.find("impostor-believed", "call %s was sent to a server with the certificate of another", a.call)
		}
		w.judgeBody(a)
	}
}

// isSecretCall reports whether a call has a secret in its path, which a redirect
// repeats: the server has put it there.
func (w *World) isSecretCall(a *arrival) bool {
	c := w.callsByID[a.call]
	return c != nil && c.op.name == "secret"
}

// judgeBody compares what a server has read with what the call has sent.
func (w *World) judgeBody(a *arrival) {
	c := w.callsByID[a.call]
	if c == nil || a.verb != c.op.verb || c.body == nil || !a.bodyWhole || c.was("code.call-interceptor-early") {
		return
	}
	if c.emptyBody && a.bodyLength != 0 {
		w.find("empty-body-is-chunked", "call %s has the Content-Length %d", c.id, a.bodyLength)
	}
	if c.op.name == "form" {
		if !c.fails && !c.blocks && !bytes.Contains(a.bodyRead, c.body) {
			w.find("body-wrong", "call %s (form): the server read %d bytes without the file's %d", c.id, len(a.bodyRead), len(c.body))
		}
		return
	}
	switch {
	case c.fails || c.blocks:
		w.find("broken-body-sent-whole", "call %s (%s): the server read %d bytes and their end", c.id, c.op.name, len(a.bodyRead))
	case bytes.HasPrefix(a.bodyRead, []byte{0x1f, 0x8b}) || bytes.HasPrefix(a.bodyRead, []byte("S")):
	case !bytes.Equal(a.bodyRead, c.body):
		w.find("body-wrong", "call %s (%s): the server read %d bytes, the caller sent %d", c.id, c.op.name, len(a.bodyRead), len(c.body))
	}
}

// judgeLimiter checks that the rate limit of the client let no more begin than it
// should.
func (w *World) judgeLimiter() {
	if len(w.versions) != 1 || w.versions[0].perSecond == 0 || w.has("call.page") || w.isHedged() {
		return
	}
	v := w.versions[0]
	var begins []time.Duration
	for _, c := range w.calls {
		if strings.HasPrefix(c.op.name, "plain") || c.op.name == "again" {
			continue
		}
		for _, a := range w.arrivalsOf(c) {
			if a.hop == 0 {
				begins = append(begins, a.at) // of its first attempt
				break
			}
		}
	}
	slices.Sort(begins)
	const window = time.Second
	for i := range begins {
		n := 0
		for _, at := range begins[i:] {
			if at < begins[i]+window {
				n++
			}
		}
		if allowed := v.perSecond*window.Seconds() + float64(v.burst); float64(n) > allowed*1.3+2 {
			w.find("rate-limit-exceeded", "%d calls began within %s, the limit is %.0f and %d at once", n, window, v.perSecond, v.burst)
			return
		}
	}
}

// judgeStop checks that nothing outlasts the stop.
func (w *World) judgeStop() {
	if w.stopEnded == 0 {
		return
	}
	for _, c := range w.calls {
		if c.begun < w.stopEnded && c.ended > max(w.stopEnded, c.handed)+slack {
			kind := "call-outlasts-stop"
			if c.blocks {
				kind = "blocked-body-holds-a-call"
			}
			w.find(kind, "call %s (%s) ended at %s, the stop at %s", c.id, c.op.name, c.ended, w.stopEnded)
		}
	}
	for _, a := range w.arrivals {
		if a.at > w.stopEnded+slack {
			w.find("request-after-stop", "call %s at %s, the stop ended at %s", a.call, a.at, w.stopEnded)
		}
	}
}

// kindOf names an error's kind, for the trace.
func kindOf(err error) string {
	for name, target := range map[string]error{
		"circuit open": kernel.ErrCircuitOpen, "bulkhead full": resilience.ErrBulkheadFull, "rate limit": resilience.ErrRateLimitReached,
		"stopped": client.ErrStopped, "decode": client.ErrDecode, "too large": client.ErrTooLarge, "invalid": client.ErrInvalidRequest,
	} {
		if errors.Is(err, target) {
			return name
		}
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	}
	return "other"
}
