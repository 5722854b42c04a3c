// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"net/http"
)

// HttpClientPort sends the requests of one client bean. All calls of the client
// use it. Replace it to test without a network, or to use another HTTP library;
// clienttest.RunPortSuite checks an implementation.
//
// A port is started before the Start method of any bean is called, and stopped
// after the Stop method of the last bean has returned. Implementations must be
// safe for concurrent use.
type HttpClientPort interface {
	// Request sends req and returns the response, whatever its status. The URL
	// of req is relative to the port's base URL (path and query, no host)
	// unless it leads to one of the port's AllowedHosts. Request must honour
	// req.Context until the response's body has been read. The port owns req:
	// it may change it, and must close its body. A redirect to another host
	// must be returned, not followed, so that no header reaches that host.
	//
	// The response must be non-nil if and only if the error is nil. The caller
	// closes its body. Any error counts as a failure of the service, except
	// [ErrStopped], [ErrInvalidRequest] and [ErrTooLarge]. An error that proves
	// that no connection was established should be or wrap an error of the net
	// package: a *net.OpError with Op "dial", or a *net.DNSError. Only then may
	// a POST be sent again; see [IsNotSent].
	//
	// After a followed redirect, a POST is not sent again. A port that follows
	// redirects must report them: the Request of a response after a redirect
	// has that redirect as its Response, as [http.Client] sets it, and an error
	// is wrapped in a *net.OpError with another Op, such as "redirect".
	Request(req *http.Request) (*http.Response, error)

	// Start prepares the port for requests. It is called once.
	Start(ctx context.Context) error

	// Stop rejects new requests with [ErrStopped], lets requests in flight
	// finish until ctx is done, and then cancels them. Stopping a port twice,
	// or a port that was never started, is not an error.
	Stop(ctx context.Context) error
}

// Fake is an [HttpClientPort] that sends nothing, such as that of clienttest.NewPort.
// The client of one starts no resolver, and all its requests have relative URLs.
type Fake interface {
	HttpClientPort
	// IsFake reports whether the port sends nothing.
	IsFake() bool
}

// InstanceCloser is an [HttpClientPort] that keeps connections to instances, see
// [InstanceOf].
type InstanceCloser interface {
	// CloseInstance says that an instance is no longer in use: the port can close
	// its connections to it. Requests to the instance that are in flight are not
	// cut, and there may be others later.
	CloseInstance(address string)
}

// HttpClientFactory makes the port of one client. A bean of this type, or
// client.WithFactory, replaces the default, client.NewNetHTTPAdapter.
type HttpClientFactory func(PortConfig) (HttpClientPort, error)
