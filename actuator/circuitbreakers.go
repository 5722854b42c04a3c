// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/resilience"
)

// circuitBreaker has the form of Resilience4j's endpoint.
type circuitBreaker struct {
	State         string `json:"state"`
	FailureRate   string `json:"failureRate"`  // in %; -1 if nothing has been measured
	SlowCallRate  string `json:"slowCallRate"` // likewise
	BufferedCalls int64  `json:"bufferedCalls"`
	FailedCalls   int64  `json:"failedCalls"`
	SlowCalls     int64  `json:"slowCalls"`
	RetryAfter    string `json:"retryAfter,omitempty"` // as time.Duration's String

	snapshot
}

// snapshot has the fields of a [resilience.CircuitBreakerSnapshot] without its
// MarshalJSON, which circuitBreaker would inherit.
type snapshot resilience.CircuitBreakerSnapshot

type circuitBreakers struct {
	CircuitBreakers map[string]circuitBreaker `json:"circuitBreakers"`
}

func circuitBreakersOf(app *container.ApplicationContext) circuitBreakers {
	all := circuitBreakers{CircuitBreakers: map[string]circuitBreaker{}}
	for name, b := range client.CircuitBreakers(app) {
		all.CircuitBreakers[name] = circuitBreakerOf(b)
	}
	return all
}

func circuitBreakerOf(b *resilience.CircuitBreaker) circuitBreaker {
	s := b.Snapshot()
	c := circuitBreaker{
		State: upperState(s.State), FailureRate: rate(s.Failures, s.Calls), SlowCallRate: rate(s.SlowCalls, s.Calls),
		BufferedCalls: s.Calls, FailedCalls: s.Failures, SlowCalls: s.SlowCalls, snapshot: snapshot(s),
	}
	if s.RetryAfter > 0 {
		c.RetryAfter = s.RetryAfter.String()
	}
	return c
}

// upperState returns Resilience4j's name of a state, such as HALF_OPEN.
func upperState(s resilience.CircuitState) string {
	return strings.ToUpper(strings.ReplaceAll(s.String(), "-", "_"))
}

func rate(part, whole int64) string {
	if whole == 0 {
		return "-1.0%"
	}
	return fmt.Sprintf("%.1f%%", 100*float64(part)/float64(whole))
}

// breakerNamed returns the circuit breaker that a request names. If there is
// none, it writes a 404 response.
func (e *endpoints) breakerNamed(w http.ResponseWriter, name string) *resilience.CircuitBreaker {
	all := client.CircuitBreakers(e.app)
	if b := all[name]; b != nil {
		return b
	}
	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	writeProblem(w, http.StatusNotFound, fmt.Sprintf("there is no circuit breaker %q: there are %s", name, strings.Join(sorted(names), ", ")))
	return nil
}

func (e *endpoints) serveCircuitBreaker(w http.ResponseWriter, r *http.Request) {
	if b := e.breakerNamed(w, r.PathValue("name")); b != nil {
		writeAnswer(w, circuitBreakerOf(b))
	}
}

// updates are the operations on a circuit breaker.
var updates = map[string]func(*resilience.CircuitBreaker){
	"FORCE_OPEN": (*resilience.CircuitBreaker).ForceOpen,
	"DISABLE":    (*resilience.CircuitBreaker).Disable,
	"CLOSE":      (*resilience.CircuitBreaker).Reset,
	"RESET":      (*resilience.CircuitBreaker).Reset,
}

type updated struct {
	CircuitBreakerName string `json:"circuitBreakerName"`
	CurrentState       string `json:"currentState"`
	Message            string `json:"message"`
}

const maxUpdate = 4 << 10

func (e *endpoints) changeCircuitBreaker(w http.ResponseWriter, r *http.Request) {
	var body struct {
		UpdateState string `json:"updateState"`
	}
	// Unlike a Decoder, Unmarshal rejects data after the object.
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxUpdate))
	if err != nil || json.Unmarshal(text, &body) != nil {
		writeProblem(w, http.StatusBadRequest, `the body cannot be read: send JSON such as {"updateState":"FORCE_OPEN"} and nothing else`)
		return
	}
	update := updates[body.UpdateState]
	if update == nil {
		names := make([]string, 0, len(updates))
		for name := range updates {
			names = append(names, name)
		}
		writeProblem(w, http.StatusBadRequest, fmt.Sprintf("updateState %q is unknown: send one of %s", shortened(body.UpdateState, 50), strings.Join(sorted(names), ", ")))
		return
	}
	name := r.PathValue("name")
	b := e.breakerNamed(w, name)
	if b == nil {
		return
	}
	update(b)
	state := upperState(b.State())
	e.app.Logger().Warn("an operator changed a circuit breaker", "name", name, "update", body.UpdateState, "state", state, "from", r.RemoteAddr)
	writeAnswer(w, updated{name, state, fmt.Sprintf("%s of %s is done", body.UpdateState, name)})
}
