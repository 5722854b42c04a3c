// SPDX-License-Identifier: Apache-2.0

// Package random is the project's source of randomness: jitter, keys, choices.
// A context can have its own source, so that a simulation with many concurrent
// calls draws the same values in every run, whatever the scheduler does.
package random

import (
	"context"
	cryptorand "crypto/rand"
	"math/rand/v2"
)

// Source draws random values. It must be safe for concurrent use.
type Source interface {
	// Int64N returns a number in the half-open interval [0,n). It panics if n <= 0.
	Int64N(n int64) int64
	// Text returns a text that is unlikely to be returned again.
	Text() string
}

type sourceKey struct{}

// WithSource returns a context whose values are drawn from source.
func WithSource(ctx context.Context, source Source) context.Context {
	return context.WithValue(ctx, sourceKey{}, source)
}

// SourceOf returns the source of a context, or nil if it has none.
func SourceOf(ctx context.Context) Source { return sourceOf(ctx) }

func sourceOf(ctx context.Context) Source {
	source, _ := ctx.Value(sourceKey{}).(Source)
	return source
}

// Int64N returns a number in the half-open interval [0,n), from the context's
// source if it has one. It panics if n <= 0.
func Int64N(ctx context.Context, n int64) int64 {
	if source := sourceOf(ctx); source != nil {
		return source.Int64N(n)
	}
	return rand.Int64N(n)
}

// Text returns a text with at least 128 bits of randomness in the alphabet of
// RFC 4648's base32, from the context's source if it has one.
func Text(ctx context.Context) string {
	if source := sourceOf(ctx); source != nil {
		return source.Text()
	}
	return cryptorand.Text()
}
