// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"container/list"
	"net"
	"net/http"
	"sync"
)

// connections bounds how many connections a server holds: a further one takes
// the place of the one that has been waiting longest for a request. So somebody
// who holds connections open keeps nobody else out. When all of them are at
// work, the new one is closed.
type connections struct {
	most int

	mu      sync.Mutex
	waiting list.List // of net.Conn, the longest first
	places  map[net.Conn]*list.Element
	held    map[net.Conn]bool
}

func newConnections(most int) *connections {
	return &connections{most: most, places: map[net.Conn]*list.Element{}, held: map[net.Conn]bool{}}
}

// changed is the server's ConnState. It is called one at a time for each
// connection.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	if victim := c.note(conn, state); victim != nil {
		_ = victim.Close()
	}
}

// note keeps what is known of a connection, and returns the one to close.
func (c *connections) note(conn net.Conn, state http.ConnState) (victim net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if place, ok := c.places[conn]; ok {
		c.waiting.Remove(place)
		delete(c.places, conn)
	}
	switch state {
	case http.StateNew:
		if len(c.held) >= c.most {
			victim = c.longestWaiting()
		}
		if len(c.held) >= c.most {
			return conn
		}
		c.held[conn] = true
		c.places[conn] = c.waiting.PushBack(conn)
	case http.StateIdle:
		if c.held[conn] {
			c.places[conn] = c.waiting.PushBack(conn)
		}
	case http.StateClosed, http.StateHijacked:
		delete(c.held, conn)
	}
	return victim
}

func (c *connections) longestWaiting() net.Conn {
	first := c.waiting.Front()
	if first == nil {
		return nil
	}
	conn := c.waiting.Remove(first).(net.Conn)
	delete(c.places, conn)
	delete(c.held, conn)
	return conn
}
