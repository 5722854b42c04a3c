// SPDX-License-Identifier: Apache-2.0

package server

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"time"
)

// guard does to a request what the fault switch says.
func (f *faults) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault, delay := f.take(r.URL.Path)
		switch fault.Mode {
		case ModeFail:
			fail(w, fault.Status, fault.RetryAfterSeconds, "the service was told to fail")
		case ModeRateLimit:
			fail(w, http.StatusTooManyRequests, fault.RetryAfterSeconds, "the service was told to limit its callers")
		case ModeDrop:
			panic(http.ErrAbortHandler) // net/http's way to cut a connection of any protocol
		case ModeSlow:
			slowDown(w, r, delay, next)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func fail(w http.ResponseWriter, status, retryAfterSeconds int, detail string) {
	if retryAfterSeconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfterSeconds))
	}
	writeProblem(w, status, detail)
}

// slowDown waits before next answers, and does nothing for a client that left
// meanwhile. It reads the body first: net/http watches for the client's leaving
// only after that.
func slowDown(w http.ResponseWriter, r *http.Request, delay time.Duration, next http.Handler) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	// Not every writer has deadlines: a recorder has none to move.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(delay + writeTimeout))
	if wait(r.Context(), delay) {
		next.ServeHTTP(w, r)
	}
}

// wait reports whether the delay went by before ctx was done.
func wait(ctx context.Context, delay time.Duration) bool {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
