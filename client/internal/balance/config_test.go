// SPDX-License-Identifier: Apache-2.0

package balance_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestWrongSettings(t *testing.T) {
	for want, config := range map[string]balance.Config{
		`policy is "x": it must be least-request, round-robin or random`: {LoadBalancing: balance.LoadBalancingConfig{Policy: "x"}},
		"policy: consistent-hash is not supported yet":                   {LoadBalancing: balance.LoadBalancingConfig{Policy: "consistent-hash"}},
		"zone is not supported yet":                                      {LoadBalancing: balance.LoadBalancingConfig{Zone: "eu-1"}},
		"slow-start is not supported yet":                                {LoadBalancing: balance.LoadBalancingConfig{SlowStart: time.Second}},
		"hash-on is not supported yet":                                   {LoadBalancing: balance.LoadBalancingConfig{HashOn: "header:X"}},
		"consecutive-failures must be between 1 and":                     {OutlierDetection: balance.OutlierDetectionConfig{ConsecutiveFailures: -1}},
		"ejection-time must be above 0":                                  {OutlierDetection: balance.OutlierDetectionConfig{EjectionTime: -time.Second}},
		"max-ejected is 1.5: it must be between 0 and 1":                 {OutlierDetection: balance.OutlierDetectionConfig{MaxEjected: 1.5}},
		"max-ejected is NaN":                                             {OutlierDetection: balance.OutlierDetectionConfig{MaxEjected: math.NaN()}},
	} {
		_, err := balance.New(config)
		require.ErrorIs(t, err, kernel.ErrConfig)
		assert.Contains(t, err.Error(), want)
	}
}

func TestExplicitZeros(t *testing.T) {
	var c balance.OutlierDetectionConfig
	c.SetExplicitZero("consecutive-failures")
	require.ErrorIs(t, c.Validate(), kernel.ErrConfig)
	c = balance.OutlierDetectionConfig{}
	c.SetExplicitZero("ejection-time")
	require.ErrorIs(t, c.Validate(), kernel.ErrConfig)
	c = balance.OutlierDetectionConfig{}
	c.SetExplicitZero("max-ejected")
	require.NoError(t, c.Validate())
	assert.Zero(t, c.WithDefaults().MaxEjected)
}

func TestDefaults(t *testing.T) {
	assert.Equal(t, balance.LeastRequest, balance.LoadBalancingConfig{}.WithDefaults().Policy)
	assert.Equal(t, balance.OutlierDetectionConfig{ConsecutiveFailures: 5, EjectionTime: 30 * time.Second, MaxEjected: 0.5},
		balance.OutlierDetectionConfig{}.WithDefaults())
}
