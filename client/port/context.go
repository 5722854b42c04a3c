// SPDX-License-Identifier: Apache-2.0

package port

import "context"

type streamingKey struct{}

// WithStreaming returns a context for requests whose response body the caller
// reads as a stream. See [IsStreaming].
func WithStreaming(ctx context.Context) context.Context {
	return context.WithValue(ctx, streamingKey{}, true)
}

// IsStreaming reports, by the context of a request, whether the response's body is
// read as a stream. The port then ends its timeout with the headers, and does not
// limit the size of the body.
func IsStreaming(ctx context.Context) bool { return ctx.Value(streamingKey{}) != nil }

type noTimeoutKey struct{}

// WithoutTimeout returns a context for requests that the port's own timeout must
// not cut: the caller limits their time itself, or wants no limit. See
// [TimeoutApplies].
func WithoutTimeout(ctx context.Context) context.Context {
	return context.WithValue(ctx, noTimeoutKey{}, true)
}

// TimeoutApplies reports, by the context of a request, whether the port applies
// the Timeout of its [PortConfig]. It is false if the caller limits the time of
// the request itself, or wants no limit.
func TimeoutApplies(ctx context.Context) bool { return ctx.Value(noTimeoutKey{}) == nil }
