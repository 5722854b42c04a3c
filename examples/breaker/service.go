// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"time"
)

var errDown = errors.New("the rate service is down")

// outage is the time when the service fails, relative to its start.
type outage struct{ from, to time.Duration }

// rateService simulates a remote service. It serves one caller at a time.
type rateService struct {
	begun  time.Time
	outage outage
	calls  int
}

func newRateService(o outage) *rateService {
	return &rateService{begun: time.Now(), outage: o}
}

// fetch returns a rate that rises with every call.
func (s *rateService) fetch(context.Context) (float64, error) {
	s.calls++
	if up := time.Since(s.begun); up >= s.outage.from && up < s.outage.to {
		return 0, errDown
	}
	return 1.08 + float64(s.calls)/10_000, nil
}
