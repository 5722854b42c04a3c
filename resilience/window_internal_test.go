// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestATimeWindowBearsAClockThatGoesBack(t *testing.T) {
	w := &timeWindow{step: time.Second}
	for i := range timeBuckets {
		w.add(failed, time.Duration(i)*time.Second)
	}
	w.add(failed, 0) // late, but by the same clock
	assert.EqualValues(t, 11, w.tally(9*time.Second).calls)
	w.add(failed, -time.Second)
	assert.EqualValues(t, 11, w.tally(9*time.Second).calls, "it is older than the window")

	const back = -1000 * time.Hour
	for i := range 2 * timeBuckets {
		w.add(failed, back+time.Duration(i)*time.Second)
	}
	assert.EqualValues(t, timeBuckets, w.tally(back+(2*timeBuckets-1)*time.Second).calls)
}
