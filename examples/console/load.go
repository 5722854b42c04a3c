// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// load simulates a steady stream of customers.
type load struct {
	shop  *Storefront
	count int
	calls sync.WaitGroup
}

// visit starts customers until ctx is done. It does not wait for them: see
// [load.wait].
func (l *load) visit(ctx context.Context, callsPerSecond float64) {
	ticker := time.NewTicker(time.Duration(float64(time.Second) / callsPerSecond))
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			l.count++
			number := l.count
			l.calls.Go(func() { l.call(context.WithoutCancel(ctx), number) })
		case <-ctx.Done():
			return
		}
	}
}

// callLimit is how long a customer waits.
const callLimit = 3 * time.Second

// call simulates one customer. The console shows the result.
func (l *load) call(ctx context.Context, number int) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	categories := [...]string{"garden", "kitchen", "office"}
	category := categories[number/5%len(categories)]
	switch number % 5 {
	case 0:
		_ = l.shop.Buy(ctx, fmt.Sprintf("order-%d", number))
	case 1:
		_ = l.shop.Find(ctx, category)
	case 2:
		_ = l.shop.Browse(ctx, category)
	default:
		_ = l.shop.Look(ctx, fmt.Sprintf("p-%d", 1001+number%200))
	}
}

// wait returns when all customers are done.
func (l *load) wait() { l.calls.Wait() }
