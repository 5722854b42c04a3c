// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"maps"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

const (
	interval   = time.Second
	maxSamples = 300 // five minutes
	window     = 5   // number of samples that a rate covers
)

// sampler samples all clients once per interval and keeps the samples of the
// last minutes. It is safe for concurrent use.
type sampler struct {
	stats     func() []client.ClientStats
	latencies *latencies

	mu      sync.Mutex
	at      []seconds
	clients map[string]*series
}

// series is the history of one client. Its columns have the same length as the
// sampler's times.
type series struct {
	Rate       column `json:"rate"`       // calls per second
	Errors     column `json:"errors"`     // share of calls in which the service failed
	Rejections column `json:"rejections"` // calls per second
	P50        column `json:"p50"`        // seconds
	P95        column `json:"p95"`
	P99        column `json:"p99"`
	InFlight   column `json:"inFlight"`

	totals []totals // of the window
}

// totals are the counters of a client at one time.
type totals struct {
	at                           time.Time
	calls, unavailable, rejected int64
}

// sample is the part of a tick for one client.
type sample struct {
	Rate       number            `json:"rate"`
	Errors     number            `json:"errors"`
	Rejections number            `json:"rejections"`
	P50        number            `json:"p50"`
	P95        number            `json:"p95"`
	P99        number            `json:"p99"`
	InFlight   int64             `json:"inFlight"`
	Calls      int64             `json:"calls"`
	Failures   int64             `json:"failures"`
	Retries    int64             `json:"retries"`
	Rejected   int64             `json:"rejected"`
	Breakers   map[string]string `json:"breakers"` // state by name
}

func newSampler(stats func() []client.ClientStats, l *latencies) *sampler {
	return &sampler{stats: stats, latencies: l, clients: map[string]*series{}}
}

// look takes a sample of each client.
func (s *sampler) look(now time.Time) map[string]sample {
	s.latencies.collect()
	all := s.stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at = append(s.at, secondsOf(now))
	samples := make(map[string]sample, len(all))
	for _, c := range all {
		kept := s.clients[c.Client]
		if kept == nil {
			kept = &series{}
			s.clients[c.Client] = kept
		}
		taken := kept.take(now, &c, s.latencies.of(c.Client))
		kept.append(&taken, len(s.at))
		samples[c.Client] = taken
	}
	s.forget()
	return samples
}

// take computes a sample by comparing with the totals at the beginning of the
// window.
func (s *series) take(now time.Time, c *client.ClientStats, latencies *distribution) sample {
	current := totals{now, c.Calls, c.Unavailable, c.Rejected}
	taken := sample{
		Rate: 0, Errors: 0, Rejections: 0, P50: latencies.quantile(0.5), P95: latencies.quantile(0.95), P99: latencies.quantile(0.99),
		InFlight: c.InFlight, Calls: c.Calls, Failures: c.Failures, Retries: c.Retries, Rejected: c.Rejected,
		Breakers: make(map[string]string, len(c.CircuitBreakers)),
	}
	for _, b := range c.CircuitBreakers {
		taken.Breakers[b.Name] = b.State.String()
	}
	if len(s.totals) > 0 {
		taken.compare(&s.totals[0], &current)
	}
	s.totals = append(s.totals, current)
	if len(s.totals) > window {
		s.totals = slices.Delete(s.totals, 0, len(s.totals)-window)
	}
	return taken
}

func (s *sample) compare(before, now *totals) {
	elapsed, calls := now.at.Sub(before.at).Seconds(), now.calls-before.calls
	if elapsed <= 0 || calls < 0 { // the clock was set, or the client was recreated
		return
	}
	s.Rate = number(float64(calls) / elapsed)
	s.Rejections = number(float64(max(0, now.rejected-before.rejected)) / elapsed)
	if calls > 0 {
		s.Errors = number(min(1, float64(max(0, now.unavailable-before.unavailable))/float64(calls)))
	}
}

// append adds a sample, and fills the gap before it.
func (s *series) append(taken *sample, length int) {
	for target, value := range map[*column]number{
		&s.Rate: taken.Rate, &s.Errors: taken.Errors, &s.Rejections: taken.Rejections,
		&s.P50: taken.P50, &s.P95: taken.P95, &s.P99: taken.P99, &s.InFlight: number(taken.InFlight),
	} {
		for len(*target) < length-1 {
			*target = append(*target, number(math.NaN()))
		}
		*target = append(*target, value)
	}
}

func (s *series) columns() []*column {
	return []*column{&s.Rate, &s.Errors, &s.Rejections, &s.P50, &s.P95, &s.P99, &s.InFlight}
}

// forget removes samples older than the last minutes, and clients that no
// longer exist.
func (s *sampler) forget() {
	surplus := len(s.at) - maxSamples
	if surplus <= 0 {
		return
	}
	s.at = slices.Delete(s.at, 0, surplus)
	for name, kept := range s.clients {
		for _, c := range kept.columns() {
			*c = slices.Delete(*c, 0, min(surplus, len(*c)))
		}
		if len(kept.Rate) == 0 {
			delete(s.clients, name)
		}
	}
}

// history contains the samples.
type history struct {
	Interval float64            `json:"interval"` // seconds
	At       []seconds          `json:"at"`
	Clients  map[string]*series `json:"clients"`
	Breakers map[string]*lane   `json:"breakers"`
}

// history returns a copy of the samples.
func (s *sampler) history() history {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := history{Interval: interval.Seconds(), At: append([]seconds{}, s.at...), Clients: maps.Clone(s.clients)}
	for name, kept := range h.Clients {
		copied := *kept
		for _, c := range copied.columns() {
			*c = slices.Clone(*c)
		}
		h.Clients[name] = &copied
	}
	return h
}
