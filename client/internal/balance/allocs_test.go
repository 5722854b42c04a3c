// SPDX-License-Identifier: Apache-2.0

//go:build !race

package balance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/balance"
)

func TestAPickAllocatesNothing(t *testing.T) {
	for _, policy := range policies {
		for _, size := range []int{1, 10, 1000} {
			pickAndDone := pickOf(t, policy, size, true)
			assert.Zero(t, testing.AllocsPerRun(200, pickAndDone), "%s of %d", policy, size)
		}
	}
	b := balancerOf(t, "", "a:80", "b:80", "c:80")
	end(t, b, "a:80", balance.Failure, 5)
	ctx, now := t.Context(), time.Now()
	assert.Zero(t, testing.AllocsPerRun(200, func() {
		p, err := b.Pick(ctx, balance.PickInfo{At: now})
		require.NoError(t, err)
		p.Done(balance.Outcome{Result: balance.Failure, At: now, Latency: time.Millisecond, Reason: "503"})
	}), "with an ejected instance")
}
