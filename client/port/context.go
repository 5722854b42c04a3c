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
