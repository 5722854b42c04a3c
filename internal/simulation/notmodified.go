// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

// condition are the headers of a caller that may know a thing already.
func (c *call) condition() http.Header {
	if c.draws.oneIn(4) {
		return nil
	}
	return http.Header{"If-None-Match": {entityTag(c.id)}}
}

// entityTag is what a call takes for the state of its thing.
func entityTag(call string) string { return `"` + mark(call) + `"` }

// answerUnmodified says that the caller knows the thing already, if that is so. The
// state of a thing may change with each response.
func (p *replying) answerUnmodified() bool {
	tag := entityTag(p.a.call)
	if !p.healthy.Load() && p.has("server.etag-changes") && p.d.oneIn(2) {
		tag = `"changed` + mark(p.a.call) + `"`
	}
	p.w.Header().Set("ETag", tag)
	if p.r.Header.Get("If-None-Match") != tag {
		return false
	}
	p.update(func(a *arrival) { a.good = true })
	p.finish(http.StatusNotModified, nil)
	return true
}

// isNotModified reports whether the caller was told that it knows the thing.
func (c *call) isNotModified() bool {
	r, ok := c.value.(client.Response[Thing])
	return errors.Is(c.err, client.ErrNotModified) || c.err == nil && ok && r.Status == http.StatusNotModified
}

// judgeNotModified checks that 304 is an ordinary result: not asked for again, and a
// failure only of methods that have nothing else to return.
func (w *World) judgeNotModified(c *call) {
	if c.op.name != "poll" && c.op.name != "peek" || c.panicked != nil || c.exited {
		return
	}
	of := w.arrivalsOf(c)
	unmodified := 0
	for _, a := range of {
		if a.status == http.StatusNotModified {
			unmodified++
		}
	}
	r, _ := c.value.(client.Response[Thing])
	switch {
	case c.isNotModified() && unmodified == 0:
		w.find("not-modified-invented", "call %s (%s)", c.id, c.op.name)
	case c.op.name == "poll" && errors.Is(c.err, client.ErrNotModified):
		w.find("not-modified-is-a-failure", "call %s returns a response: %v", c.id, c.err)
	case r.Status == http.StatusNotModified && r.Body != Thing{}:
		w.find("not-modified-has-a-value", "call %s got %v", c.id, r.Body)
	}
	if unmodified == 0 || w.isHedged() || c.usersRepeat() || len(c.odd) > 0 || w.hasAny("net.cut", "net.linger", "server.idle-death", "server.restart", "operator.stop", "timeout.short", "total-timeout") {
		return
	}
	for i, a := range of {
		switch {
		case a.status != http.StatusNotModified || a.done == 0 || a.reply != "ok":
		case i+1 < len(of):
			w.find("not-modified-retried", "call %s (%s) was told at %s, and asked again at %s", c.id, c.op.name, a.done, of[i+1].at)
		case !c.isNotModified() && c.limit == 0:
			w.find("not-modified-lost", "call %s (%s): %v", c.id, c.op.name, c.err)
		}
	}
}

// judgePolling checks that any number of 304 opens no circuit.
func (w *World) judgePolling(ctx context.Context, shop *Shop) {
	if !w.has("call.poll") {
		return
	}
	op := &operation{name: "peek", verb: http.MethodGet, reads: true, run: func(c *call, ctx context.Context) error {
		return keep(c)(shop.Peek(ctx, c.id, http.Header{"If-None-Match": {entityTag(c.id)}}))
	}}
	for i := range 8 {
		c := w.newCall(fmt.Sprintf("p3-%d", i), op)
		c.make(ctx)
		if !errors.Is(c.err, client.ErrNotModified) {
			w.find("polling-does-not-recover", "call %d of a client that polls gets %v", i, c.err)
			return
		}
		w.sleep(time.Second)
	}
}
