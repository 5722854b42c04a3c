// SPDX-License-Identifier: Apache-2.0

// Package storm simulates, in virtual time, what retries do to a service whose
// capacity drops and comes back, and draws it.
package storm

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

var svg = flag.String("svg", "", "folder to draw the plots into")

// The world: a thousand clients, with a circuit breaker and a budget each, that
// make two calls a second against a service that can do half as much again; for
// a minute it can do a tenth.
const (
	perClient    = 2.0         // calls a second
	capacity     = 3 * clients // requests a second
	sickCapacity = capacity / 10
	maxQueue     = 5 * time.Second // of work; beyond it requests are refused at once
	patience     = time.Second     // timeout of an attempt
	sickAt       = 60 * time.Second
	wellAt       = 120 * time.Second
	end          = 240 * time.Second
)

// service does its work in the order in which it came, also the work for
// callers that have given up.
type service struct {
	begun time.Time
	mu    sync.Mutex
	free  time.Duration // when it will have done what it has taken on
}

var (
	errRefused = errors.New("503")
	errSlow    = errors.New("timeout")
)

func (s *service) now() time.Duration { return time.Since(s.begun) }

func (s *service) rate() float64 {
	if now := s.now(); now >= sickAt && now < wellAt {
		return sickCapacity
	}
	return capacity
}

// do returns when the answer is there, or the caller has lost its patience.
func (s *service) do() error {
	s.mu.Lock()
	now := s.now()
	s.free = max(s.free, now)
	if s.free-now > maxQueue {
		s.mu.Unlock()
		return errRefused
	}
	s.free += time.Duration(float64(time.Second) / s.rate())
	wait := s.free - now
	s.mu.Unlock()
	if wait > patience {
		time.Sleep(patience) // virtual
		return errSlow
	}
	time.Sleep(wait)
	return nil
}

// series counts what happened in each second.
type series struct {
	mu                     sync.Mutex
	calls, attempts, goods [int(end/time.Second) + 60]float64
}

func (s *series) add(of *[int(end/time.Second) + 60]float64, at time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if second := int(at / time.Second); second < len(of) {
		of[second]++
	}
}

// variant is one way to guard calls.
type variant struct {
	name  string
	guard func() resilience.Policy // of one client
}

func retryWith(budget *resilience.RetryBudget, config resilience.RetryConfig) *resilience.RetryPolicy {
	config.Budget = budget
	return resilience.NewRetryPolicy(config)
}

func variants() []variant {
	budget := func() *resilience.RetryBudget { return resilience.NewRetryBudget(resilience.RetryBudgetConfig{}) }
	breaker := func() *resilience.CircuitBreaker {
		return resilience.NewCircuitBreaker(resilience.CircuitBreakerConfig{})
	}
	return []variant{
		{"defaults", func() resilience.Policy {
			b := breaker()
			return resilience.NewPipeline(retryWith(budget(), resilience.RetryConfig{Breaker: b}), b)
		}},
		{"without budget", func() resilience.Policy {
			b := breaker()
			return resilience.NewPipeline(retryWith(nil, resilience.RetryConfig{Breaker: b}), b)
		}},
		{"without breaker", func() resilience.Policy { return retryWith(budget(), resilience.RetryConfig{}) }},
		{"naive, 3 attempts at once", func() resilience.Policy {
			return retryWith(nil, resilience.RetryConfig{BaseDelay: resilience.NoDelay})
		}},
	}
}

// simulate runs one variant.
func simulate(v variant) *series {
	s, result := &service{begun: time.Now()}, &series{}
	var wg sync.WaitGroup
	for i := range clients {
		guard, random := v.guard(), rand.New(rand.NewPCG(uint64(i), 1))
		call := func() {
			result.add(&result.calls, s.now())
			err := guard.Execute(context.Background(), func(context.Context) error {
				result.add(&result.attempts, s.now())
				return s.do()
			})
			if err == nil {
				result.add(&result.goods, s.now())
			}
		}
		wg.Go(func() {
			for s.now() < end {
				time.Sleep(time.Duration(random.ExpFloat64() / perClient * float64(time.Second))) // virtual
				wg.Go(call)
			}
		})
	}
	wg.Wait()
	return result
}

// mean is that of the seconds from one to another.
func mean(of []float64) float64 {
	sum := 0.0
	for _, n := range of {
		sum += n
	}
	return sum / float64(len(of))
}

// extraLoad is how many attempts there were for each call, while the service was
// sick.
func (s *series) extraLoad() float64 {
	from, to := int(sickAt/time.Second), int(wellAt/time.Second)
	return mean(s.attempts[from:to]) / mean(s.calls[from:to])
}

// worstLoad is the same of the worst ten seconds.
func (s *series) worstLoad() float64 {
	worst := 0.0
	for from := int(sickAt / time.Second); from+10 < int(end/time.Second); from++ {
		worst = max(worst, mean(s.attempts[from:from+10])/mean(s.calls[from:from+10]))
	}
	return worst
}

// recovery is how long it took after the service was well until, for ten
// seconds, 95 of 100 calls succeeded; -1: never.
func (s *series) recovery() time.Duration {
	well := int(wellAt / time.Second)
	for from := well; from+10 < int(end/time.Second); from++ {
		if mean(s.goods[from:from+10]) >= 0.95*mean(s.calls[from:from+10]) {
			return time.Duration(from-well) * time.Second
		}
	}
	return -1
}

// TestTheDefaultsCalmAStorm runs all variants.
func TestTheDefaultsCalmAStorm(t *testing.T) {
	results := map[string]*series{}
	for _, v := range variants() {
		synctest.Test(t, func(t *testing.T) { results[v.name] = simulate(v) })
		r := results[v.name]
		t.Logf("%-26s extra load %.2f, worst ten seconds %.2f, recovered after %s", v.name, r.extraLoad(), r.worstLoad(), r.recovery())
	}
	defaults, naive := results["defaults"], results["naive, 3 attempts at once"]
	if load := defaults.extraLoad(); load > 1.25 {
		t.Errorf("the defaults send %.2f attempts a call", load)
	}
	if took := defaults.recovery(); took < 0 || took > 2*30*time.Second {
		t.Errorf("the defaults recover after %s", took)
	}
	if load := naive.extraLoad(); load < 2 {
		t.Errorf("naive retries send only %.2f attempts a call: the world is too kind", load)
	}
	if *svg != "" {
		if err := draw(*svg, results); err != nil {
			t.Fatal(err)
		}
		fmt.Println("drawn into", *svg)
	}
}
