// SPDX-License-Identifier: Apache-2.0

// The breaker example: a circuit breaker on its own, without HTTP and without
// an application context. It guards a service of exchange rates that fails for
// a while. While the circuit is open, the last good rate is returned.
//
//	go run ./examples/breaker
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

const (
	questions = 20
	pause     = 100 * time.Millisecond // between questions
)

func main() {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run requests a rate repeatedly, before, during and after an outage.
func run(ctx context.Context, out io.Writer) error {
	begun := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(out, "%.3fs  %s\n", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
	}
	service := newRateService(outage{from: 350 * time.Millisecond, to: 1250 * time.Millisecond})
	breaker := resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
		Name:             "rates",
		FailureThreshold: 3,
		RecoveryTimeout:  450 * time.Millisecond,
		OnStateChange:    func(c resilience.StateChange) { say("    circuit %s -> %s", c.From, c.To) },
	})
	rates := newRates(breaker, service.fetch)

	ticker := time.NewTicker(pause)
	defer ticker.Stop()
	for range questions {
		say("%s", describe(rates.get(ctx)))
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	say("%d questions, %d of them reached the service", questions, service.calls)
	return nil
}

func describe(q quote, err error) string {
	switch {
	case err != nil:
		return fmt.Sprintf("no answer: %v", err)
	case q.why != nil:
		return fmt.Sprintf("1 EUR = %.4f USD, from the cache, %s old: %v", q.rate, q.age.Round(pause), q.why)
	}
	return fmt.Sprintf("1 EUR = %.4f USD", q.rate)
}
