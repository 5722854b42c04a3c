// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

// quote is a rate and its source.
type quote struct {
	rate float64
	age  time.Duration // 0: just fetched
	why  error         // why it comes from the cache, nil if it does not
}

// rates fetches a rate under a circuit breaker and remembers the last good one.
type rates struct {
	breaker *resilience.CircuitBreaker
	fetch   func(context.Context) (float64, error)

	mu   sync.Mutex
	last float64
	at   time.Time // when last was fetched; zero: never
}

func newRates(breaker *resilience.CircuitBreaker, fetch func(context.Context) (float64, error)) *rates {
	return &rates{breaker: breaker, fetch: fetch}
}

// get returns the cached rate only while the circuit is open. Before that, a
// failure may be a single one and is returned to the caller.
func (r *rates) get(ctx context.Context) (quote, error) {
	rate, err := resilience.Call(ctx, r.breaker, r.fetch)
	if err == nil {
		r.remember(rate)
		return quote{rate: rate}, nil
	}
	var refused *resilience.CircuitBreakerError
	if !errors.As(err, &refused) {
		return quote{}, err
	}
	return r.cached(refused)
}

func (r *rates) remember(rate float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.at = rate, time.Now()
}

func (r *rates) cached(why error) (quote, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.at.IsZero() {
		return quote{}, why
	}
	return quote{r.last, time.Since(r.at), why}, nil
}
