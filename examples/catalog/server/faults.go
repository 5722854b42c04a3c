// SPDX-License-Identifier: Apache-2.0

package server

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is a way to misbehave.
type Fault struct {
	// Mode is "none", "fail" (answer Status), "slow" (wait Delay, then answer),
	// "drop" (close the connection without an answer) or "rate-limit" (answer
	// 429 with Retry-After).
	Mode string `json:"mode"`
	// Status is what "fail" answers; the default is 503.
	Status int `json:"status,omitempty"`
	// Delay is how long "slow" waits, as "200ms".
	Delay string `json:"delay,omitempty"`
	// Count is how many requests misbehave; 0 is all until the fault changes.
	Count int `json:"count,omitempty"`
	// PathPrefix limits the fault to paths that begin so.
	PathPrefix string `json:"path_prefix,omitempty"`
	// RetryAfterSeconds is the Retry-After of "fail" and "rate-limit".
	RetryAfterSeconds int `json:"retry_after_seconds,omitempty"`
}

type faults struct {
	mu      sync.Mutex
	current Fault
	delay   time.Duration
	left    int
}

func (f *faults) register(mux *http.ServeMux) {
	mux.HandleFunc("GET /faults", func(w http.ResponseWriter, _ *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		writeJSON(w, http.StatusOK, f.current)
	})
	mux.HandleFunc("PUT /faults", func(w http.ResponseWriter, r *http.Request) {
		var fault Fault
		if !readJSON(w, r, &fault) {
			return
		}
		if err := f.set(fault); err != nil {
			writeProblem(w, http.StatusUnprocessableEntity, err.Error())
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) {
		_ = f.set(Fault{Mode: "none"})
		w.WriteHeader(http.StatusNoContent)
	})
}

func (f *faults) set(fault Fault) error {
	delay := time.Duration(0)
	switch fault.Mode {
	case "none", "drop", "rate-limit":
	case "fail":
		if fault.Status == 0 {
			fault.Status = http.StatusServiceUnavailable
		}
		if fault.Status < 400 || fault.Status > 599 {
			return fmt.Errorf("the status %d is no failure: give one from 400 to 599", fault.Status)
		}
	case "slow":
		var err error
		if delay, err = time.ParseDuration(fault.Delay); err != nil {
			return fmt.Errorf("the delay %q is no duration: give one such as 200ms", fault.Delay)
		}
	default:
		return fmt.Errorf("there is no mode %q: give none, fail, slow, drop or rate-limit", fault.Mode)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.current, f.delay, f.left = fault, delay, fault.Count
	return nil
}

// take returns what is to happen to a request.
func (f *faults) take(path string) (Fault, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fault := f.current
	if fault.Mode == "" || fault.Mode == "none" || !strings.HasPrefix(path, fault.PathPrefix) {
		return Fault{Mode: "none"}, 0
	}
	if fault.Count > 0 {
		if f.left == 0 {
			return Fault{Mode: "none"}, 0
		}
		f.left--
	}
	return fault, f.delay
}

func (f *faults) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault, delay := f.take(r.URL.Path)
		if fault.RetryAfterSeconds > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(fault.RetryAfterSeconds))
		}
		switch fault.Mode {
		case "fail":
			writeProblem(w, fault.Status, "the service was told to fail")
			return
		case "rate-limit":
			writeProblem(w, http.StatusTooManyRequests, "the service was told to limit its callers")
			return
		case "drop":
			panic(http.ErrAbortHandler) // closes the connection, without a word
		case "slow":
			timer := time.NewTimer(delay)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
