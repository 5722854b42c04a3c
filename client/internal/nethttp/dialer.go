// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// dialer makes connections and knows those that are open, so that none of them
// outlives the adapter: [http.Transport] closes those that are idle when asked,
// and HTTP/2 connections become so later than their last response is read.
type dialer struct {
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	limit  time.Duration   // of the making of a connection; 0: none
	ctx    context.Context // done once closed
	cancel context.CancelFunc

	mu   sync.Mutex
	open map[*connection]struct{}
}

// newDialer makes a dialer that connects by dial, or by a [net.Dialer] if that is
// nil. A timeout of 0 is none.
func newDialer(timeout time.Duration, dial func(ctx context.Context, network, address string) (net.Conn, error)) *dialer {
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	d := &dialer{dial: dial, limit: timeout, open: map[*connection]struct{}{}}
	d.ctx, d.cancel = context.WithCancel(context.Background())
	return d
}

// DialContext makes a connection, unless or until the dialer is closed.
func (d *dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(d.ctx, cancel)()
	conn, err := d.connect(ctx, network, address)
	if err != nil {
		return nil, err
	}
	c := &connection{Conn: conn, dialer: d}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ctx.Err() != nil {
		_ = conn.Close()
		return nil, &net.OpError{Op: "dial", Net: network, Err: port.ErrStopped}
	}
	d.open[c] = struct{}{}
	return c, nil
}

// connect makes a connection within the dialer's limit.
func (d *dialer) connect(ctx context.Context, network, address string) (net.Conn, error) {
	if d.limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.limit)
		defer cancel()
	}
	var conn net.Conn
	err := usercode.Call(func() (err error) { // the transport dials on a goroutine of its own
		conn, err = d.dial(ctx, network, address)
		return err
	})
	switch {
	case err != nil && isDial(err):
		return nil, err
	case err != nil: // of a dial function of the user's
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	case conn == nil:
		return nil, &net.OpError{Op: "dial", Net: network, Err: errNoConnection}
	}
	return conn, nil
}

var errNoConnection = errors.New("DialContext returned neither a connection nor an error")

func isDial(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// close closes all connections and lets none be made.
func (d *dialer) close() {
	d.mu.Lock()
	d.cancel()
	open := d.open
	d.open = map[*connection]struct{}{}
	d.mu.Unlock()
	for c := range open {
		_ = c.Conn.Close()
	}
}

type connection struct {
	net.Conn
	dialer *dialer
}

// Close takes the connection off the dialer's list as well.
func (c *connection) Close() error {
	c.dialer.mu.Lock()
	delete(c.dialer.open, c)
	c.dialer.mu.Unlock()
	return c.Conn.Close()
}
