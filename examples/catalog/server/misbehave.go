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

// guard applies the current fault to a request.
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

// slowDown waits before next is called, and returns early if the client
// disconnects. It reads the body first, because net/http detects a disconnect
// only after that.
func slowDown(w http.ResponseWriter, r *http.Request, delay time.Duration, next http.Handler) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	// Not every writer supports deadlines, for example a recorder.
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
