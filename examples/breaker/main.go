// SPDX-License-Identifier: Apache-2.0

// A circuit breaker alone, around a price service that fails for a while. As
// long as the circuit is open the last good answer is given, and the service
// is left in peace.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// priceService is what is called; it is down from the third second to the sixth.
type priceService struct{ begun time.Time }

func (s priceService) price(context.Context) (int, error) {
	age := time.Since(s.begun)
	if age >= 1500*time.Millisecond && age < 3*time.Second {
		return 0, errors.New("connection refused")
	}
	return 100 + int(age/(100*time.Millisecond)), nil
}

// prices guards the service and remembers its last good answer.
type prices struct {
	service priceService
	breaker *resilience.CircuitBreaker
	last    int
}

func (p *prices) price(ctx context.Context) (price int, note string, err error) {
	price, err = resilience.Call(ctx, p.breaker, p.service.price)
	switch {
	case err == nil:
		p.last = price
		return price, "fresh", nil
	case errors.Is(err, kernel.ErrCircuitOpen):
		return p.last, "from the cache, " + err.Error(), nil
	}
	return 0, "", err
}

func run(ctx context.Context, out io.Writer) error {
	begun := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(out, "%5.1fs  %s\n", time.Since(begun).Seconds(), fmt.Sprintf(format, args...))
	}
	p := &prices{service: priceService{begun}, breaker: resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{
		Name:             "prices",
		FailureThreshold: 2,
		RecoveryTimeout:  time.Second,
		OnStateChange:    func(c resilience.StateChange) { say("circuit %v -> %v", c.From, c.To) },
	})}
	ticker := time.NewTicker(300 * time.Millisecond)
	defer ticker.Stop()
	for time.Since(begun) < 4*time.Second {
		price, note, err := p.price(ctx)
		if err != nil {
			say("no price: %v", err)
		} else {
			say("price %d (%s)", price, note)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
