// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

// newPipeline makes a pipeline of the policies of package resilience with one of
// the user's among them, as a program does that has no declared client.
func (w *World) newPipeline() *resilience.Pipeline {
	d := w.draw("pipeline")
	policies := []resilience.Policy{}
	if w.has("bulkhead") {
		policies = append(policies, resilience.NewBulkhead(resilience.BulkheadConfig{MaxConcurrent: 2, MaxQueue: 50}))
	}
	if w.hasAny("code.policy", "code.policy-early", "code.policy-twice") {
		policies = append(policies, usersPolicy{w})
	}
	policies = append(policies, resilience.NewRetryPolicy(resilience.RetryConfig{MaxAttempts: 3, BaseDelay: 7*time.Millisecond + d.offset()}))
	if w.has("hedge") {
		policies = append(policies, resilience.NewHedge(resilience.HedgeConfig{Delay: 5*time.Millisecond + d.offset()}))
	}
	policies = append(policies, resilience.NewTimeout(resilience.TimeoutConfig{Limit: 100*time.Millisecond + d.offset()}))
	return resilience.NewPipeline(policies...)
}

// usersPolicy is a policy as a user may write one.
type usersPolicy struct{ *World }

// Execute implements [resilience.Policy].
func (p usersPolicy) Execute(ctx context.Context, fn func(context.Context) error) error {
	c := callOf(ctx)
	if c == nil {
		return fn(ctx)
	}
	d := p.draw("policy", c.id)
	if p.has("code.policy-early") && d.oneIn(3) { // it goes on without the caller
		c.did("code.policy-early")
		go func() {
			p.sleep(d.between(time.Millisecond, 40*time.Millisecond))
			_ = fn(ctx)
		}()
		return errCode
	}
	if p.has("code.policy-twice") && d.oneIn(3) {
		c.did("code.policy-twice")
		var wg sync.WaitGroup
		errs := make([]error, 2)
		for i := range errs {
			after := d.between(0, 10*time.Millisecond)
			wg.Go(func() {
				p.sleep(after)
				errs[i] = fn(ctx)
			})
		}
		wg.Wait()
		if errs[0] == nil {
			return nil
		}
		return errs[1]
	}
	return fn(ctx)
}

// runPipeline runs a function of the call's own under the world's pipeline.
func (c *call) runPipeline(ctx context.Context) error {
	runs := 0
	var mu sync.Mutex
	value, err := resilience.Call(ctx, c.pipeline, func(ctx context.Context) (Thing, error) {
		if other := callOf(ctx); other != c {
			c.find("mixed", "the function of call %s runs with the context of %v", c.id, other)
		}
		mu.Lock()
		runs++
		n := runs
		mu.Unlock()
		d := c.draw("run", c.id, n)
		timer := time.NewTimer(d.between(0, 20*time.Millisecond))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return Thing{}, ctx.Err()
		}
		if d.oneIn(4) {
			return Thing{}, errCode
		}
		return Thing{ID: c.id, Mark: mark(c.id)}, nil
	})
	c.value = value
	if err == nil && value.ID == "" {
		return fmt.Errorf("%w: no error and no value", errEmpty)
	}
	return err
}
