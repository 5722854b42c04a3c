// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

// model is a circuit breaker that is slow and obviously right: it keeps every
// outcome and works everything out anew.
type model struct {
	config resilience.CircuitBreakerConfig
	now    func() time.Duration

	state      resilience.CircuitState
	generation int
	failures   int
	outcomes   []modelOutcome // since the circuit was closed
	opened     time.Duration
	reopenings int
	probes     map[int]time.Duration // by permit: when it was admitted
	succeeded  int
}

type modelOutcome struct {
	at           time.Duration
	failed, slow bool
}

// modelPermit is a call under way.
type modelPermit struct {
	id, generation int
	begun          time.Duration
	isProbe        bool
	isWatched      bool // for being slow
}

func (m *model) become(state resilience.CircuitState) {
	if state == resilience.StateOpen {
		if m.state == resilience.StateHalfOpen {
			m.reopenings++
		}
		m.opened = m.now()
	}
	if state == resilience.StateClosed {
		m.reopenings = 0
	}
	m.state, m.generation = state, m.generation+1
	m.failures, m.outcomes, m.probes, m.succeeded = 0, nil, map[int]time.Duration{}, 0
}

func (m *model) recovery() time.Duration {
	recovery := m.config.RecoveryTimeout
	for range m.reopenings {
		recovery = min(time.Duration(float64(recovery)*m.config.RecoveryMultiplier), m.config.MaxRecoveryTimeout)
	}
	return recovery
}

func (m *model) acquire(id int) (modelPermit, bool) {
	if m.state == resilience.StateOpen && m.now() >= m.opened+m.recovery() {
		m.become(resilience.StateHalfOpen)
	}
	p := modelPermit{id: id, generation: m.generation, begun: m.now(), isWatched: m.config.SlowCallDuration > 0}
	switch m.state {
	case resilience.StateOpen, resilience.StateForcedOpen:
		return p, false
	case resilience.StateHalfOpen:
		for id, admitted := range m.probes {
			if m.now()-admitted >= m.config.HalfOpenMaxWait {
				delete(m.probes, id)
			}
		}
		if len(m.probes)+m.succeeded >= m.config.HalfOpenProbes {
			return p, false
		}
		m.probes[id] = m.now()
		p.isProbe, p.isWatched = true, true
	}
	return p, true
}

func (m *model) end(p modelPermit, failed, ignored bool) {
	slow := p.isWatched && m.config.SlowCallDuration > 0 && m.now()-p.begun > m.config.SlowCallDuration
	if p.generation != m.generation {
		return
	}
	if p.isProbe {
		if _, ok := m.probes[p.id]; !ok {
			return
		}
		delete(m.probes, p.id)
		switch {
		case ignored:
		case failed || slow:
			m.become(resilience.StateOpen)
		default:
			if m.succeeded++; m.succeeded >= m.config.HalfOpenSuccesses {
				m.become(resilience.StateClosed)
			}
		}
		return
	}
	if ignored || m.state != resilience.StateClosed {
		return
	}
	if m.failures++; !failed {
		m.failures = 0
	}
	m.outcomes = append(m.outcomes, modelOutcome{m.now(), failed, slow})
	if m.mustOpen() {
		m.become(resilience.StateOpen)
	}
}

func (m *model) reconfigure(config resilience.CircuitBreakerConfig) {
	before := m.config
	m.config = config
	switch {
	case m.state == resilience.StateHalfOpen && m.succeeded >= config.HalfOpenSuccesses:
		m.become(resilience.StateClosed)
	case before.SlidingWindow != config.SlidingWindow:
		m.failures, m.outcomes = 0, nil
	case config.SlidingWindow == resilience.TimeWindow && before.WindowDuration != config.WindowDuration:
		m.outcomes = nil
	case config.SlidingWindow == resilience.CountWindow:
		m.outcomes = m.outcomes[max(0, len(m.outcomes)-before.WindowSize):]
	}
}

func (m *model) window() (calls, failures, slow int) {
	outcomes := m.outcomes
	if m.config.SlidingWindow == resilience.CountWindow {
		outcomes = outcomes[max(0, len(outcomes)-m.config.WindowSize):]
	}
	step := m.config.WindowDuration / 10
	for _, o := range outcomes {
		if m.config.SlidingWindow == resilience.TimeWindow && o.at/step <= m.now()/step-10 {
			continue
		}
		calls++
		if o.failed {
			failures++
		}
		if o.slow {
			slow++
		}
	}
	return calls, failures, slow
}

func (m *model) mustOpen() bool {
	if m.config.SlidingWindow == "" {
		return m.failures >= m.config.FailureThreshold
	}
	calls, failures, slow := m.window()
	return calls >= m.config.MinimumCalls &&
		(failures > 0 && float64(failures) >= m.config.FailureRate*float64(calls) ||
			slow > 0 && float64(slow) >= m.config.SlowCallRate*float64(calls))
}

// visible is the state that a caller sees.
func (m *model) visible() resilience.CircuitState {
	if m.state == resilience.StateOpen && m.now() >= m.opened+m.recovery() {
		return resilience.StateHalfOpen
	}
	return m.state
}

func TestTheBreakerDoesWhatItsModelDoes(t *testing.T) {
	base := resilience.CircuitBreakerConfig{
		FailureThreshold: 3, RecoveryTimeout: 10 * time.Second, RecoveryMultiplier: 2, MaxRecoveryTimeout: time.Minute,
		HalfOpenProbes: 3, HalfOpenSuccesses: 2, HalfOpenMaxWait: 20 * time.Second,
		WindowSize: 10, WindowDuration: 20 * time.Second, MinimumCalls: 4, FailureRate: 0.5, SlowCallRate: 0.7,
	}
	for _, window := range []resilience.SlidingWindow{"", resilience.CountWindow, resilience.TimeWindow} {
		for _, slowCall := range []time.Duration{0, 5 * time.Second} {
			config := base
			config.SlidingWindow = window
			if window == "" && slowCall > 0 {
				continue
			}
			config.SlowCallDuration = slowCall
			seed := rand.Uint64()
			t.Run(fmt.Sprintf("window %q, slow after %s, seed %d", window, slowCall, seed), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { compareWithModel(t, config, seed, false) })
			})
		}
	}
	seed := rand.Uint64()
	t.Run(fmt.Sprintf("reconfigured, seed %d", seed), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { compareWithModel(t, base, seed, true) })
	})
}

// anyConfig returns a configuration without zeros for which defaults would stand.
func anyConfig(random *rand.Rand) resilience.CircuitBreakerConfig {
	seconds := func(most int) time.Duration { return time.Duration(1+random.IntN(most)) * time.Second }
	c := resilience.CircuitBreakerConfig{
		FailureThreshold: 1 + random.IntN(5), RecoveryTimeout: seconds(10), RecoveryMultiplier: float64(1 + random.IntN(2)), MaxRecoveryTimeout: 10*time.Second + seconds(50),
		HalfOpenProbes: 1 + random.IntN(4), HalfOpenMaxWait: seconds(20),
		SlidingWindow: []resilience.SlidingWindow{"", resilience.CountWindow, resilience.TimeWindow}[random.IntN(3)],
		WindowSize:    []int{4, 10, 11}[random.IntN(3)], WindowDuration: []time.Duration{20 * time.Second, 30 * time.Second}[random.IntN(2)],
		MinimumCalls: 1 + random.IntN(4), FailureRate: 0.1 + 0.9*random.Float64(), SlowCallRate: 0.1 + 0.9*random.Float64(),
	}
	c.HalfOpenSuccesses = 1 + random.IntN(c.HalfOpenProbes)
	if c.SlidingWindow != "" && random.IntN(2) == 0 {
		c.SlowCallDuration = seconds(6)
	}
	return c
}

// compareWithModel lets both take the same 100,000 random steps.
func compareWithModel(t *testing.T, config resilience.CircuitBreakerConfig, seed uint64, isReconfigured bool) {
	random := rand.New(rand.NewPCG(seed, 0))
	begun := time.Now()
	breaker := resilience.NewCircuitBreaker(config)
	m := &model{config: config, now: func() time.Duration { return time.Since(begun) + 1 }, probes: map[int]time.Duration{}}
	type both struct {
		permit resilience.Permit
		model  modelPermit
	}
	var underWay []both
	failureShare := 0.3
	for step := range 100_000 {
		what := ""
		switch n := random.IntN(100); {
		case n < 45:
			what = "a call begins"
			permit, err := breaker.Acquire()
			p, ok := m.acquire(step)
			if ok != (err == nil) {
				t.Fatalf("step %d: the breaker says %v, the model %t", step, err, ok)
			}
			if !ok && m.state == resilience.StateHalfOpen && len(m.probes) == 0 {
				t.Fatalf("step %d: a half-open circuit without probes refuses a call", step)
			}
			if ok {
				underWay = append(underWay, both{permit, p})
			}
		case n < 85 && len(underWay) > 0:
			i := random.IntN(len(underWay))
			p := underWay[i]
			underWay = slices.Delete(underWay, i, i+1)
			switch random := random.Float64(); {
			case random < 0.05:
				what = "a call is cancelled"
				p.permit.Ignore()
				m.end(p.model, false, true)
			case random < 0.05+failureShare:
				what = "a call fails"
				p.permit.Failure()
				m.end(p.model, true, false)
			default:
				what = "a call succeeds"
				p.permit.Success()
				m.end(p.model, false, false)
			}
		case n < 98:
			what = "time passes"
			time.Sleep(time.Duration(random.Int64N(int64(3 * time.Second)))) // virtual
		default:
			failureShare = random.Float64() * 0.9
			switch random.IntN(20) {
			case 0:
				what = "it is forced open"
				breaker.ForceOpen()
				m.become(resilience.StateForcedOpen)
			case 1:
				what = "it is disabled"
				breaker.Disable()
				m.become(resilience.StateDisabled)
			case 2, 3, 4, 5:
				what = "it is reset"
				breaker.Reset()
				m.become(resilience.StateClosed)
			default:
				if !isReconfigured {
					break
				}
				what = "it is reconfigured"
				config = anyConfig(random)
				if err := breaker.Reconfigure(config); err != nil {
					t.Fatal(err)
				}
				m.reconfigure(config)
			}
		}
		if got, want := breaker.State(), m.visible(); got != want {
			t.Fatalf("step %d, %s: the breaker is %s, the model %s", step, what, got, want)
		}
		s := breaker.Snapshot()
		calls, failures, slow := m.window()
		if m.state == resilience.StateClosed && config.SlidingWindow != "" && (int(s.Calls) != calls || int(s.Failures) != failures || int(s.SlowCalls) != slow) {
			t.Fatalf("step %d, %s: the window holds %d, %d, %d, the model's %d, %d, %d", step, what, s.Calls, s.Failures, s.SlowCalls, calls, failures, slow)
		}
		if m.state == resilience.StateClosed && config.SlidingWindow == "" && s.ConsecutiveFailures != m.failures {
			t.Fatalf("step %d, %s: %d failures, the model has %d", step, what, s.ConsecutiveFailures, m.failures)
		}
	}
}

// TestTheBulkheadDoesWhatItsModelDoes: the model is a list of those inside and a
// queue.
func TestTheBulkheadDoesWhatItsModelDoes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	synctest.Test(t, func(t *testing.T) {
		config := resilience.BulkheadConfig{MaxConcurrent: 3, MaxQueue: 4, MaxWait: 10 * time.Second}
		b := resilience.NewBulkhead(config)
		type call struct {
			id      int
			release chan struct{}
			cancel  context.CancelFunc
			since   time.Time
		}
		var inside, waiting []call
		events := make(chan string, 100)
		expect := func(step int, want ...string) {
			t.Helper()
			synctest.Wait()
			var got []string
			for len(events) > 0 {
				got = append(got, <-events)
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Fatalf("step %d: %v, want %v", step, got, want)
			}
		}
		admit := func() (entered []string) {
			for len(inside) < config.MaxConcurrent && len(waiting) > 0 {
				entered = append(entered, fmt.Sprint(waiting[0].id, " enters"))
				inside, waiting = append(inside, waiting[0]), waiting[1:]
			}
			return entered
		}
		for step := range 100_000 {
			switch n := random.IntN(10); {
			case n < 5:
				ctx, cancel := context.WithCancel(t.Context())
				c := call{step, make(chan struct{}), cancel, time.Now()}
				go func() {
					err := b.Execute(ctx, func(context.Context) error {
						events <- fmt.Sprint(c.id, " enters")
						<-c.release
						return nil
					})
					if err != nil {
						events <- fmt.Sprint(c.id, " is refused ", errors.Is(err, resilience.ErrBulkheadFull))
					}
					cancel()
				}()
				synctest.Wait()
				switch {
				case len(inside) < config.MaxConcurrent:
					inside = append(inside, c)
					expect(step, fmt.Sprint(c.id, " enters"))
				case len(waiting) < config.MaxQueue:
					waiting = append(waiting, c)
					expect(step)
				default:
					expect(step, fmt.Sprint(c.id, " is refused true"))
				}
			case n < 8 && len(inside) > 0:
				i := random.IntN(len(inside))
				close(inside[i].release)
				inside = slices.Delete(inside, i, i+1)
				expect(step, admit()...)
			case n < 9 && len(waiting) > 0:
				i := random.IntN(len(waiting))
				waiting[i].cancel()
				id := waiting[i].id
				waiting = slices.Delete(waiting, i, i+1)
				expect(step, fmt.Sprint(id, " is refused false"))
			default:
				var refused []string
				if random.IntN(5) == 0 {
					config = resilience.BulkheadConfig{MaxConcurrent: 1 + random.IntN(4), MaxQueue: random.IntN(6), MaxWait: time.Duration(1+random.IntN(15))*time.Second + 1}
					if err := b.Reconfigure(config); err != nil {
						t.Fatal(err)
					}
					refused = admit() // those that have waited for too long, too: they are first
				} else {
					time.Sleep(time.Duration(random.IntN(5)) * time.Second) // virtual
				}
				waiting = slices.DeleteFunc(waiting, func(c call) bool {
					isOver := time.Since(c.since) >= config.MaxWait
					if isOver {
						refused = append(refused, fmt.Sprint(c.id, " is refused true"))
					}
					return isOver
				})
				expect(step, refused...)
			}
			if s := b.Snapshot(); s.Active != len(inside) || s.Waiting != len(waiting) {
				t.Fatalf("step %d: %+v, want %d inside and %d waiting", step, s, len(inside), len(waiting))
			}
		}
		for _, c := range append(inside, waiting...) {
			c.cancel()
			close(c.release)
		}
		synctest.Wait()
	})
}

// TestTheRateLimiterDoesWhatItsModelDoes: the model is the definition of a token
// bucket.
func TestTheRateLimiterDoesWhatItsModelDoes(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	synctest.Test(t, func(t *testing.T) {
		perSecond, burst := 10.0, 5
		l := resilience.NewRateLimiter(resilience.RateLimiterConfig{PerSecond: perSecond, Burst: burst})
		tokens, last := float64(burst), time.Now()
		for step := range 100_000 {
			time.Sleep(time.Duration(random.IntN(30)) * 5 * time.Millisecond) // virtual
			tokens = min(float64(burst), tokens+time.Since(last).Seconds()*perSecond)
			last = time.Now()
			if random.IntN(100) == 0 {
				perSecond, burst = float64(1+random.IntN(20)), 1+random.IntN(8)
				if err := l.Reconfigure(resilience.RateLimiterConfig{PerSecond: perSecond, Burst: burst}); err != nil {
					t.Fatal(err)
				}
				tokens = min(float64(burst), tokens)
			}
			err := l.Execute(t.Context(), succeed)
			if near := tokens - 1; near > -1e-6 && near < 1e-6 { // rounding decides
				tokens = max(0, near)
				if err != nil {
					tokens++
				}
				continue
			}
			if (err == nil) != (tokens >= 1) || err != nil && !errors.Is(err, resilience.ErrRateLimitReached) {
				t.Fatalf("step %d: %v with %f tokens", step, err, tokens)
			}
			if err == nil {
				tokens--
			}
		}
	})
}
