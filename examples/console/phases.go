// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"time"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

// phase is a period in which the services behave in one way.
type phase struct {
	says  string
	fault server.Fault
	slow  float64 // share of the requests for products that are slow
	rush  float64 // so many times as many customers as usual; 0 is 1
}

// phases are played in order.
var phases = [...]phase{
	{says: "all is well"},
	{
		says:  "the payment service fails: watch payment-client retry until its circuit opens",
		fault: server.Fault{Mode: server.ModeFail, PathPrefix: "/payments"},
	},
	{
		says: "payments work again, but products are slow: watch payment-client's circuit close after a probe, price-client hedge, and search-client give stale answers",
		slow: 0.6,
	},
	{says: "all works again, and the customers come back at once: watch inventory-client's rate limit", rush: 2.5},
}

const (
	slowness     = 600 * time.Millisecond
	slowInterval = 100 * time.Millisecond
)

// misbehave applies the phase's behaviour to the service until ctx is done.
func (p phase) misbehave(ctx context.Context, service *server.Server, callsPerSecond float64) error {
	if p.slow == 0 {
		return service.SetFault(p.faultOrNone())
	}
	slow := server.Fault{
		Mode: server.ModeSlow, Delay: slowness.String(), PathPrefix: "/products",
		Count: max(1, int(p.slow*callsPerSecond*slowInterval.Seconds())),
	}
	ticker := time.NewTicker(slowInterval)
	defer ticker.Stop()
	for {
		if err := service.SetFault(slow); err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

func (p phase) faultOrNone() server.Fault {
	if p.fault.Mode == "" {
		return server.Fault{Mode: server.ModeNone}
	}
	return p.fault
}
