// SPDX-License-Identifier: Apache-2.0

package memnet

import (
	"net"
	"sync"
	"time"
)

// conn is one end of a connection.
type conn struct {
	in, out       *half
	local, remote address
	linger        time.Duration // until the other end notices that this one was closed
	once          sync.Once
	closed        func()
}

// connect makes both ends of a connection to a host.
func connect(host string, f Fate) (client, server *conn) {
	up, down := newHalf(f.CutUp), newHalf(f.CutDown)
	client = &conn{in: down, out: up, local: "client", remote: address(host)}
	server = &conn{in: up, out: down, local: address(host), remote: "client", linger: f.Linger}
	up.onCut, down.onCut = client.breakOff, server.breakOff
	return client, server
}

// breakOff ends both directions: the network has cut the connection.
func (c *conn) breakOff() {
	c.out.end()
	c.in.reset()
}

func (c *conn) Read(p []byte) (int, error)  { return c.in.read(p) }
func (c *conn) Write(p []byte) (int, error) { return c.out.write(p) }

// Close ends the connection. The other end notices at once, unless the connection
// lingers: then it can write for a while into what nobody reads.
func (c *conn) Close() error {
	c.once.Do(func() {
		c.in.stop()
		c.out.stop()
		if c.linger > 0 {
			c.in.deafen()
			time.AfterFunc(c.linger, c.breakOff)
		} else {
			c.breakOff()
		}
		if c.closed != nil {
			c.closed()
		}
	})
	return nil
}

func (c *conn) LocalAddr() net.Addr  { return c.local }
func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.reading, t)
	c.out.setDeadline(&c.out.writing, t)
	return nil
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.in.setDeadline(&c.in.reading, t)
	return nil
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.out.setDeadline(&c.out.writing, t)
	return nil
}

type address string

func (a address) Network() string { return "tcp" }
func (a address) String() string  { return string(a) }
