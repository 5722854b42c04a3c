// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/registry"
	"github.com/pyfly-go/pyfly/resilience"
)

func TestHostsThatWereUsedLastHaveABreaker(t *testing.T) {
	ps := registry.NewPolicies("shop")
	config := resilience.CircuitBreakerConfig{FailureThreshold: 1}
	breakerOf := ps.Hosts(config)
	first := breakerOf("first")
	err := first.Call(t.Context(), func(context.Context) error { return errors.New("down") })
	require.Error(t, err)
	for i := range 3000 {
		breakerOf(fmt.Sprint("host", i))
		assert.Same(t, first, breakerOf("first"), "it is used all the time")
	}
	assert.Len(t, ps.Snapshot().Breakers, 1000)
	assert.Equal(t, resilience.StateOpen, first.State())
	assert.Equal(t, "shop/first", first.Name())

	config.RecoveryTimeout = time.Nanosecond
	_, err = ps.Making(func() error { breakerOf = ps.Hosts(config); return nil })
	require.NoError(t, err)
	assert.Same(t, first, breakerOf("first"), "its state stays")
}

func TestPoliciesThatNoEngineUsesAreRemoved(t *testing.T) {
	ps := registry.NewPolicies("shop")
	ask := func(keys ...string) {
		removeOthers, err := ps.Making(func() error {
			for _, key := range keys {
				ps.Breaker(key, resilience.CircuitBreakerConfig{})
				ps.Bulkhead(key, resilience.BulkheadConfig{MaxConcurrent: 1})
				ps.RateLimiter(key, resilience.RateLimiterConfig{PerSecond: 1})
				ps.Adaptive(key, resilience.AdaptiveLimiterConfig{})
				ps.Stale(key, time.Hour, 1, nil)
			}
			if len(keys) > 1 {
				ps.Hosts(resilience.CircuitBreakerConfig{})("host")
			}
			return nil
		})
		require.NoError(t, err)
		removeOthers()
	}
	ask("", "Get")
	s := ps.Snapshot()
	assert.Len(t, s.Breakers, 3)
	assert.Len(t, s.Bulkheads, 2)
	assert.Len(t, s.Adaptives, 2)
	own := ps.Own()
	ask("")
	s = ps.Snapshot()
	assert.Len(t, s.Breakers, 1)
	assert.Same(t, own, ps.Own())
	assert.Len(t, s.Bulkheads, 1)
	assert.Len(t, s.Adaptives, 1)
	ask()
	assert.Empty(t, ps.Snapshot().Breakers)
	assert.Nil(t, ps.Own())
}
