// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/internal/random"
)

// call is one call of a caller, and what became of it.
type call struct {
	*World
	id      string // "c3-2"
	op      *operation
	draws   draws
	tenant  string
	release chan struct{} // closed when blocked readers are to end

	begun    time.Duration
	ended    time.Duration // 0: not yet
	limit    time.Duration // when its context is done, since the world's begin; 0: never
	cancels  bool          // the caller cancels then; else it is a deadline
	handed   time.Duration // when the caller last handed over to the product
	err      error
	value    any
	panicked any
	stack    string // of the panic
	exited   bool   // by runtime.Goexit

	body      []byte // that is sent
	emptyBody bool
	ownHeader http.Header
	blocks    bool // its body's reader does
	fails     bool // likewise
	opened    bool // the stream's headers were there
	left      bool // the loop, before its end
	worked    bool // between two elements
	values    []any
	times     []time.Duration // of the elements
	elements  int
	indexes   []int // of the things on the pages of a list
	made      int   // calls of the client, by a loop over pages
	failed    int   // of made
	dials     int
	fellBack  bool
	odd       map[Feature]bool // what code of the user's did to it
}

type callKey struct{}

// callOf returns the call that a context belongs to, or nil.
func callOf(ctx context.Context) *call {
	c, _ := ctx.Value(callKey{}).(*call)
	return c
}

// dial returns how many connections have been asked for by the call.
func (c *call) dial() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dials++
	return c.dials
}

func (c *call) handOver() { c.handed = c.now() }

// did notes that code of the user's did something to the call.
func (c *call) did(f Feature) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.odd == nil {
		c.odd = map[Feature]bool{}
	}
	c.odd[f] = true
}

func (c *call) was(f Feature) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.odd[f]
}

// newCall makes the nth call of a caller.
func (w *World) newCall(id string, op *operation) *call {
	c := &call{World: w, id: id, op: op, draws: w.draw("call", id), release: w.release}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.calls = append(w.calls, c)
	w.callsByID[id] = c
	return c
}

// make makes the call, on a goroutine of its own: the user's code may end it.
func (c *call) make(ctx context.Context) {
	ctx = context.WithValue(ctx, callKey{}, c)
	ctx = random.WithSource(ctx, &source{draws: c.World.draw("random", c.id), call: c.id})
	ctx, cancel := c.limited(ctx)
	defer cancel()
	done := make(chan struct{})
	c.begun = c.now()
	c.note("caller "+c.id, "calls %s", c.op.name)
	go func() {
		c.exited = true
		defer close(done)
		defer func() {
			if r := recover(); r != nil {
				c.panicked, c.exited, c.stack = r, false, string(debug.Stack())
			}
		}()
		c.handOver()
		err := c.op.run(c, ctx)
		c.err, c.exited = err, false
	}()
	<-done
	c.mu.Lock()
	c.ended = c.now()
	c.mu.Unlock()
	c.note("caller "+c.id, "%s", c.outcome())
}

// limited gives the call a deadline, or lets the caller cancel it.
func (c *call) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if !strings.HasPrefix(c.id, "c") {
		return ctx, func() {}
	}
	choice := c.draws.IntN(3)
	after := c.draws.between(time.Millisecond, 1200*time.Millisecond)
	if c.draws.oneIn(2) { // while an attempt is under way
		after = c.draws.between(time.Millisecond, 25*time.Millisecond)
	}
	switch {
	case choice == 0 && c.has("call.cancel"):
		c.limit, c.cancels = c.now()+after, true
		ctx, cancel := context.WithCancel(ctx)
		timer := time.AfterFunc(after, cancel)
		return ctx, func() { timer.Stop(); cancel() }
	case choice == 1 && c.has("call.deadline"):
		c.limit = c.now() + after
		return context.WithTimeout(ctx, after)
	}
	return ctx, func() {}
}

// outcome says how the call ended, without what differs from run to run.
func (c *call) outcome() string {
	switch {
	case c.panicked != nil:
		return fmt.Sprintf("panics: %.80v", c.panicked)
	case c.exited:
		return "exits its goroutine"
	case c.err == nil && c.op.streams:
		return fmt.Sprintf("gets %d elements", c.elements)
	case c.err == nil:
		return "succeeds"
	}
	var e *client.Error
	if !errors.As(c.err, &e) {
		return fmt.Sprintf("fails with %T", c.err)
	}
	return fmt.Sprintf("fails with status %d after %d attempts: %s", e.Status, e.Attempts, kindOf(c.err))
}

// seen is every text that the caller got.
func (c *call) seen() string {
	value, err := json.Marshal(c.value)
	if err != nil {
		value = fmt.Append(nil, c.value)
	}
	values, _ := json.Marshal(c.values)
	text := string(value) + "\n" + string(values) + "\n"
	if c.err != nil {
		text += c.err.Error()
	}
	return text
}

// caller makes calls, one after the other.
func (w *World) caller(ctx context.Context, n int, ops []operation) {
	d := w.draw("caller", n)
	w.sleep(time.Duration(d.IntN(60))*time.Millisecond + d.offset())
	for i := range 3 + d.IntN(mostCalls-2) {
		if w.stopped.Load() {
			return
		}
		op := &ops[d.IntN(len(ops))]
		if !w.hasCall(n, i) {
			continue
		}
		id := fmt.Sprintf("c%d-%d", n, i)
		c := w.newCall(id, op)
		c.tenant = fmt.Sprintf("tenant-%d", n%3)
		c.make(ctx)
		pause := 120 * time.Millisecond
		if w.has("call.pause") {
			pause = 1500 * time.Millisecond
		}
		w.sleep(d.between(0, pause))
	}
}

// mostCalls is how many calls a caller makes at most.
const mostCalls = 5

// available are the operations that the world has.
func (w *World) available(all []operation) []operation {
	var ops []operation
	for _, op := range all {
		if op.needs == "" || w.has(op.needs) {
			ops = append(ops, op)
		}
	}
	return ops
}
