// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Mode is a kind of fault.
type Mode string

// The modes of a [Fault].
const (
	ModeNone      Mode = "none"       // answer as usual
	ModeFail      Mode = "fail"       // answer Status
	ModeSlow      Mode = "slow"       // wait Delay, then answer as usual
	ModeDrop      Mode = "drop"       // close the connection without an answer
	ModeRateLimit Mode = "rate-limit" // answer 429 with Retry-After
)

// Fault says which requests are misbehaved to, and how. Requests to /faults
// and /health never are.
type Fault struct {
	Mode Mode `json:"mode"`
	// Status is the status of [ModeFail], from 400 to 599; the default is 503.
	Status int `json:"status,omitempty"`
	// Delay is the delay of [ModeSlow], such as "200ms".
	Delay string `json:"delay,omitempty"`
	// Count is the number of requests that misbehave; 0 means all until the
	// fault changes.
	Count int `json:"count,omitempty"`
	// PathPrefix limits the fault to paths with this prefix.
	PathPrefix string `json:"path_prefix,omitempty"`
	// RetryAfterSeconds is the Retry-After of [ModeFail], which sends none by
	// default, and of [ModeRateLimit], whose default is 1.
	RetryAfterSeconds int `json:"retry_after_seconds,omitempty"`
}

// checked returns the fault with its defaults, and its delay.
func (f Fault) checked() (Fault, time.Duration, error) {
	switch {
	case f.Count < 0:
		return f, 0, fmt.Errorf("the count %d is negative: give 0 for all requests", f.Count)
	case f.RetryAfterSeconds < 0:
		return f, 0, fmt.Errorf("the retry_after_seconds %d are negative", f.RetryAfterSeconds)
	case f.PathPrefix != "" && !strings.HasPrefix(f.PathPrefix, "/"):
		return f, 0, fmt.Errorf("the path_prefix %q fits no path: begin it with a slash", f.PathPrefix)
	}
	switch f.Mode {
	case ModeNone, ModeDrop:
		return f, 0, nil
	case ModeRateLimit:
		f.RetryAfterSeconds = max(1, f.RetryAfterSeconds)
		return f, 0, nil
	case ModeFail:
		return f.withStatus()
	case ModeSlow:
		delay, err := time.ParseDuration(f.Delay)
		if err != nil || delay <= 0 {
			return f, 0, fmt.Errorf("the delay %q is no positive duration: give one such as 200ms", f.Delay)
		}
		return f, delay, nil
	}
	return f, 0, fmt.Errorf("there is no mode %q: give none, fail, slow, drop or rate-limit", f.Mode)
}

func (f Fault) withStatus() (Fault, time.Duration, error) {
	if f.Status == 0 {
		f.Status = http.StatusServiceUnavailable
	}
	if f.Status < 400 || f.Status > 599 {
		return f, 0, fmt.Errorf("the status %d is no failure: give one from 400 to 599", f.Status)
	}
	return f, 0, nil
}

// faults holds the current fault. Its methods are safe for concurrent use.
type faults struct {
	mu      sync.Mutex
	current Fault // its Count is what is left
	delay   time.Duration
}

func newFaults() *faults { return &faults{current: Fault{Mode: ModeNone}} }

func (f *faults) routes() []route {
	return []route{
		{http.MethodGet, "/faults", f.handleGet},
		{http.MethodPut, "/faults", f.handleSet},
		{http.MethodDelete, "/faults", f.handleClear},
	}
}

func (f *faults) handleGet(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	current := f.current
	f.mu.Unlock()
	writeJSON(w, http.StatusOK, current)
}

func (f *faults) handleSet(w http.ResponseWriter, r *http.Request) {
	var fault Fault
	if !readJSON(w, r, &fault) {
		return
	}
	if err := f.set(fault); err != nil {
		writeProblem(w, http.StatusUnprocessableEntity, err.Error())
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (f *faults) handleClear(w http.ResponseWriter, _ *http.Request) {
	f.clear()
	w.WriteHeader(http.StatusNoContent)
}

func (f *faults) set(fault Fault) error {
	fault, delay, err := fault.checked()
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.current, f.delay = fault, delay
	return nil
}

func (f *faults) clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.current, f.delay = Fault{Mode: ModeNone}, 0
}

// take returns the fault for a request, and counts it.
func (f *faults) take(path string) (Fault, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fault, delay := f.current, f.delay
	if !strings.HasPrefix(path, fault.PathPrefix) {
		return Fault{Mode: ModeNone}, 0
	}
	switch fault.Count {
	case 0:
	case 1:
		f.current, f.delay = Fault{Mode: ModeNone}, 0
	default:
		f.current.Count--
	}
	return fault, delay
}
