// SPDX-License-Identifier: Apache-2.0

package port

import "context"

type streamingKey struct{}

// WithStreaming returns a context for requests whose response body the caller
// reads as a stream. See [IsStreaming].
func WithStreaming(ctx context.Context) context.Context {
	return context.WithValue(ctx, streamingKey{}, true)
}

// IsStreaming reports, from the context of a request, whether the response's
// body is read as a stream. If so, the port's timeout ends when the headers
// have arrived, and the size of the body is not limited.
func IsStreaming(ctx context.Context) bool { return ctx.Value(streamingKey{}) != nil }

type noTimeoutKey struct{}

// WithoutTimeout returns a context for requests to which the port must not
// apply its own timeout: the caller limits their time itself, or wants no
// limit. See [TimeoutApplies].
func WithoutTimeout(ctx context.Context) context.Context {
	return context.WithValue(ctx, noTimeoutKey{}, true)
}

// TimeoutApplies reports, from the context of a request, whether the port
// applies the Timeout of its [PortConfig]. It is false if the caller limits the
// time of the request itself, or wants no limit.
func TimeoutApplies(ctx context.Context) bool { return ctx.Value(noTimeoutKey{}) == nil }

type instanceKey struct{}

// instanceContext is a context that knows the instance that its request is for.
type instanceContext struct {
	context.Context
	address string
}

// Value implements context.Context.
func (c *instanceContext) Value(key any) any {
	if key == (instanceKey{}) {
		return c
	}
	return c.Context.Value(key)
}

// WithInstance returns a context for requests to one instance of the client's
// service: address is its host and port. See [InstanceOf].
func WithInstance(ctx context.Context, address string) context.Context {
	return &instanceContext{ctx, address}
}

// InstanceOf returns, by the context of a request, the address of the instance of
// the client's service that the request is for, "10.0.0.1:8080". It is false if the
// client has no discovery, and for a request to one of the AllowedHosts.
//
// The URL of a request to an instance is absolute: it has the scheme of the base
// URL, the instance's address as its host, and the base URL's path before that of
// the request. The Host of the request is that of the base URL. The port connects
// to the address, and otherwise treats the request as one to the base URL: it adds
// the configured Header, and with https it verifies the certificate by the base
// URL's host, not by the address.
func InstanceOf(ctx context.Context) (address string, ok bool) {
	c, ok := ctx.Value(instanceKey{}).(*instanceContext)
	if !ok {
		return "", false
	}
	return c.address, true
}
