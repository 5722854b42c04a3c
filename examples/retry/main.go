// SPDX-License-Identifier: Apache-2.0

// The retry example: a retry policy on its own, without HTTP and without an
// application context. It shows the delays between attempts, which errors are
// retried, how long a service may ask to wait, that retries respect a deadline,
// and the purpose of a budget.
//
//	go run ./examples/retry
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

func main() {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run shows the properties of a retry policy.
func run(ctx context.Context, out io.Writer) error {
	d := &demo{out: out, begun: time.Now()}
	for i, show := range []func(context.Context){d.delays, d.retryOn, d.retryAfter, d.deadline, d.budget} {
		if i > 0 {
			fmt.Fprintln(out)
		}
		show(ctx)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

type demo struct {
	out   io.Writer
	begun time.Time
}

func (d *demo) title(text string) { fmt.Fprintln(d.out, text) }

func (d *demo) say(format string, args ...any) {
	fmt.Fprintf(d.out, "%.3fs  %s\n", time.Since(d.begun).Seconds(), fmt.Sprintf(format, args...))
}

// onRetry prints the event before each delay.
func (d *demo) onRetry(e resilience.RetryEvent) {
	d.say("    attempt %d failed (%v), the next one in %s", e.Attempt, e.Err, e.Delay)
}

// order places an order with a policy and prints the result.
func (d *demo) order(ctx context.Context, policy *resilience.RetryPolicy, warehouse *warehouse) {
	number, err := resilience.Call(ctx, policy, warehouse.order)
	if err != nil {
		d.say("gave up after %d attempts: %v", warehouse.attempts, err)
		return
	}
	d.say("order %s placed at attempt %d", number, warehouse.attempts)
}
