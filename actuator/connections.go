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

// room is the number of connections that streams never occupy, so that health
// probes always get one.
const room = 8

// connections limits the number of connections of a server. At the limit, a new
// connection replaces the one that has been without progress longest: first a
// connection that waits for a request or for the rest of one, then one whose
// response is not read. So a client that holds connections open does not block
// other clients. Streams are not replaced; their number has a limit of its own,
// see [streams].
type connections struct {
	most int

	mu      sync.Mutex
	held    map[net.Conn]*connection
	waiting list.List // of net.Conn: without a complete request, longest first
	serving list.List // of net.Conn: with a request being served, longest first
	streams int
}

// connection is the state of one connection.
type connection struct {
	in    *list.List // waiting or serving; nil for a stream
	place *list.Element
}

func newConnections(most int) *connections {
	return &connections{most: most, held: map[net.Conn]*connection{}}
}

// changed is the server's ConnState hook. The server calls it sequentially for
// each connection.
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

// admit adds a new connection and returns the one to close in its place, if
// any.
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

// longest returns the connection, other than a stream, that has been without
// progress longest.
func (c *connections) longest() net.Conn {
	first := c.waiting.Front()
	if first == nil {
		first = c.serving.Front() // never nil, see room
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

// move puts a connection at the end of a list, or marks it as a stream.
func (c *connections) move(conn net.Conn, to *list.List) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[conn] == nil { // it has been replaced
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

// connectionKey is the context key of a request's connection.
type connectionKey struct{}

// connected returns the connection of a request.
type connected struct {
	*connections
	conn net.Conn
}

// context is the server's ConnContext hook.
func (c *connections) context(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connectionKey{}, connected{c, conn})
}

// around marks a connection as serving while next runs. Writing the rest of the
// response and reading the rest of the request count as waiting. A body must
// arrive at once: no response waits for a body that nobody needs.
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

// keep marks the connection of a request as a stream.
func keep(r *http.Request) {
	if own, ok := r.Context().Value(connectionKey{}).(connected); ok {
		own.move(own.conn, nil)
	}
}
