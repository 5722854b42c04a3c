// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net"

	"github.com/valyala/fasthttp"
)

// contextKey is the user value with a request's context.
type contextKey struct{}

// transport adds contexts to fasthttp. When the context is done, the connection
// is closed, which ends all reads and writes.
type transport struct{}

// RoundTrip implements fasthttp.RoundTripper. It permits another attempt if the
// connection from the pool had been closed by the server.
func (transport) RoundTrip(host *fasthttp.HostClient, req *fasthttp.Request, resp *fasthttp.Response) (retry bool, err error) {
	ctx := req.UserValue(contextKey{}).(context.Context)
	conn, err := connect(ctx, host)
	if err != nil {
		return false, err
	}
	disarm := context.AfterFunc(ctx, func() { _ = conn.Close() })
	answered, err := exchange(host, conn, req, resp)
	isOpen := disarm()
	if err != nil || !isOpen || req.ConnectionClose() || resp.ConnectionClose() {
		conn.discard()
	} else {
		conn.release()
	}
	return conn.reused && !answered && ctx.Err() == nil, err
}

// exchange sends a request and reads the response. It reports whether any byte
// of the response arrived.
func exchange(host *fasthttp.HostClient, conn net.Conn, req *fasthttp.Request, resp *fasthttp.Response) (answered bool, err error) {
	w := host.AcquireWriter(conn)
	defer host.ReleaseWriter(w)
	if err := req.Write(w); err != nil {
		return false, err
	}
	if err := w.Flush(); err != nil {
		return false, err
	}
	r := host.AcquireReader(conn)
	defer host.ReleaseReader(r)
	if _, err := r.Peek(1); err != nil {
		return false, err
	}
	resp.SkipBody = req.Header.IsHead()
	resp.Header.SetNoDefaultContentType(true) // here, for Do has reset resp
	return true, resp.ReadLimitBody(r, host.MaxResponseBodySize)
}

// connection is fasthttp's connection type, which is not exported.
type connection struct {
	net.Conn
	reused           bool
	release, discard func() // back to the pool, or closed for good
}

// connect takes a connection from the pool or establishes one. Establishing a
// connection cannot be cancelled, but waiting for it can.
func connect(ctx context.Context, host *fasthttp.HostClient) (*connection, error) {
	if ctx.Err() != nil {
		return nil, unconnected(ctx)
	}
	type result struct {
		conn *connection
		err  error
	}
	results := make(chan result, 1)
	go func() {
		conn, err := acquire(host)
		results <- result{conn, err}
	}()
	select {
	case r := <-results:
		return r.conn, r.err
	case <-ctx.Done():
		go func() {
			if r := <-results; r.err == nil {
				r.conn.discard()
			}
		}()
		return nil, unconnected(ctx)
	}
}

// unconnected proves that nothing was sent.
func unconnected(ctx context.Context) error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: context.Cause(ctx)}
}

func acquire(host *fasthttp.HostClient) (*connection, error) {
	conn, err := host.AcquireConn(0, false)
	if err != nil {
		return nil, err
	}
	return &connection{
		Conn:    conn.Conn(),
		reused:  !conn.LastUseTime().IsZero(),
		release: func() { host.ReleaseConn(conn) },
		discard: func() { host.CloseConn(conn) },
	}, nil
}
