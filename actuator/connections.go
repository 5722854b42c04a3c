// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"container/list"
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// room is how many connections there is place for beside streams, however many
// streams there are: health, which probes ask for, is never kept out.
const room = 8

// connections bounds how many connections a server holds: a further one takes
// the place of the one that has been without progress longest. One that waits for
// a request, or for the rest of one, goes first, then one whose answer nobody
// reads. So somebody who holds connections open keeps nobody else out. Streams
// stay; there are only so many, see [streams].
type connections struct {
	most int

	mu      sync.Mutex
	held    map[net.Conn]*connection
	waiting list.List // of net.Conn: without a whole request, the longest first
	serving list.List // of net.Conn: whose request is being answered, the longest first
	streams int
}

// connection is what is known of one.
type connection struct {
	in    *list.List // waiting or serving; nil for a stream
	place *list.Element
}

func newConnections(most int) *connections {
	return &connections{most: most, held: map[net.Conn]*connection{}}
}

// changed is the server's ConnState. It is called one at a time for each
// connection.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if victim := c.admit(conn); victim != nil {
			_ = victim.Close()
		}
	case http.StateIdle:
		c.move(conn, &c.waiting)
	case http.StateClosed, http.StateHijacked:
		c.forget(conn)
	}
}

// admit keeps a new connection, and returns the one to close for it.
func (c *connections) admit(conn net.Conn) (victim net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.held)-c.streams >= max(c.most-c.streams, room) {
		victim = c.longest()
		c.drop(victim)
	}
	c.held[conn] = &connection{in: &c.waiting, place: c.waiting.PushBack(conn)}
	return victim
}

// longest returns the connection that has been without progress longest, of
// those that are no streams.
func (c *connections) longest() net.Conn {
	first := c.waiting.Front()
	if first == nil {
		first = c.serving.Front() // there is one: see room
	}
	return first.Value.(net.Conn)
}

func (c *connections) forget(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drop(conn)
}

func (c *connections) drop(conn net.Conn) {
	known := c.held[conn]
	if known == nil {
		return
	}
	if known.in == nil {
		c.streams--
	} else {
		known.in.Remove(known.place)
	}
	delete(c.held, conn)
}

// move puts a connection at the end of a list, or among the streams.
func (c *connections) move(conn net.Conn, to *list.List) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[conn] == nil { // another has its place
		return
	}
	c.drop(conn)
	moved := &connection{in: to}
	if to == nil {
		c.streams++
	} else {
		moved.place = to.PushBack(conn)
	}
	c.held[conn] = moved
}

// connectionKey finds the connection of a request in its context.
type connectionKey struct{}

// connected is the connection of a request.
type connected struct {
	*connections
	conn net.Conn
}

// context is the server's ConnContext.
func (c *connections) context(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, connected{c, conn})
}

// around takes note of when a request is answered. What follows, writing the
// rest of the answer and reading the rest of the request, is waiting. A body has
// to come at once: no answer waits for one that nobody needs.
func (c *connections) around(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout))
		}
		if own, ok := r.Context().Value(connectionKey{}).(connected); ok {
			c.move(own.conn, &c.serving)
			defer c.move(own.conn, &c.waiting)
		}
		next.ServeHTTP(w, r)
	})
}

// keep makes the connection of a request one of a stream.
func keep(r *http.Request) {
	if own, ok := r.Context().Value(connectionKey{}).(connected); ok {
		own.move(own.conn, nil)
	}
}
