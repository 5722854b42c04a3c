// SPDX-License-Identifier: Apache-2.0

package port

import (
	"context"
	"net/http"
)

// HttpClientPort sends the requests of one client bean. Every call leaves the
// process through it. Replace it to test without a network, or to use another HTTP
// library; clienttest.RunPortSuite checks an implementation.
//
// It is started before any bean's Start method runs and stopped after the last
// bean's Stop. Implementations must be safe for concurrent use.
type HttpClientPort interface {
	// Request sends req and returns the response, whatever its status. The URL of
	// req is relative to the port's base URL (path and query, no host) unless it
	// leads to one of the port's AllowedHosts, or to an instance of the service: see
	// [InstanceOf]. Request honours req.Context until
	// the response's body has been read. The port owns req: it may change it, and
	// closes its body. A redirect to another host is returned, not followed, so
	// that no header reaches that host.
	//
	// The response is non-nil if and only if the error is nil; then the caller
	// closes its body. Any error counts as a failure of the service, except
	// [ErrStopped], [ErrInvalidRequest] and [ErrTooLarge]. An error that proves
	// that no connection was made should be, or wrap, what the net package
	// reports: a *net.OpError with Op "dial", or a *net.DNSError. Only then may a
	// POST be repeated; see [IsNotSent].
	//
	// Whatever comes after a followed redirect, a POST is not repeated. A port
	// that follows redirects says so: the Request of a response that came after
	// one has that redirect as its Response, as [http.Client] leaves it, and an
	// error is a *net.OpError with another Op, such as "redirect", around its
	// cause.
	Request(req *http.Request) (*http.Response, error)

	// Start prepares the port for requests. It is called once.
	Start(ctx context.Context) error

	// Stop rejects new requests with an error that is [ErrStopped], lets those in
	// flight finish until ctx is done, then cuts them. Stopping a port that was
	// never started, or twice, is no error.
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
