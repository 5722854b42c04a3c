// SPDX-License-Identifier: Apache-2.0

package server_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

func statuses(s *server.Server, path string, n int) (got []int) {
	for range n {
		got = append(got, ask(s, "GET", path, "").StatusCode)
	}
	return got
}

func TestFaultsThatAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		fault      server.Fault
		status     int
		retryAfter string
	}{
		"none":                    {server.Fault{Mode: server.ModeNone}, 200, ""},
		"fail":                    {server.Fault{Mode: server.ModeFail}, 503, ""},
		"fail with a status":      {server.Fault{Mode: server.ModeFail, Status: 500}, 500, ""},
		"fail with Retry-After":   {server.Fault{Mode: server.ModeFail, RetryAfterSeconds: 7}, 503, "7"},
		"rate limit":              {server.Fault{Mode: server.ModeRateLimit}, 429, "1"},
		"rate limit, Retry-After": {server.Fault{Mode: server.ModeRateLimit, RetryAfterSeconds: 30}, 429, "30"},
		"none with Retry-After":   {server.Fault{Mode: server.ModeNone, RetryAfterSeconds: 7}, 200, ""},
	} {
		s := server.New()
		setFault(t, s, c.fault)
		r := ask(s, "GET", "/products", "")
		if r.StatusCode != c.status || r.Header.Get("Retry-After") != c.retryAfter {
			t.Errorf("%s: status %d, Retry-After %q", name, r.StatusCode, r.Header.Get("Retry-After"))
		}
		if problem := r.Header.Get("Content-Type") == "application/problem+json"; problem != (c.status >= 400) {
			t.Errorf("%s: content type %q", name, r.Header.Get("Content-Type"))
		}
	}
}

func TestACountedFaultEndsByItself(t *testing.T) {
	s := server.New()
	setFault(t, s, server.Fault{Mode: server.ModeFail, Count: 2, PathPrefix: "/products"})
	ask(s, "GET", "/payments/x", "") // is not counted
	if got := statuses(s, "/products", 1); got[0] != 503 {
		t.Errorf("the first: %v", got)
	}
	if left := decode[server.Fault](t, ask(s, "GET", "/faults", "")); left.Count != 1 {
		t.Errorf("left: %+v", left)
	}
	if got := statuses(s, "/products", 3); !slices.Equal(got, []int{503, 200, 200}) {
		t.Errorf("then: %v", got)
	}
	if left := decode[server.Fault](t, ask(s, "GET", "/faults", "")); left != (server.Fault{Mode: server.ModeNone}) {
		t.Errorf("after that: %+v", left)
	}
}

func TestAFaultWithoutCountLasts(t *testing.T) {
	s := server.New()
	setFault(t, s, server.Fault{Mode: server.ModeFail})
	if got := statuses(s, "/products", 50); slices.Contains(got, 200) {
		t.Errorf("some were answered: %v", got)
	}
}

func TestAFaultIsLimitedToItsPaths(t *testing.T) {
	s := server.New()
	setFault(t, s, server.Fault{Mode: server.ModeFail, PathPrefix: "/payments"})
	for path, want := range map[string]int{
		"/payments": 503, "/payments/pay-1": 503, "/products": 200, "/products/p-1001": 200, "/nowhere": 404,
	} {
		if got := statuses(s, path, 1); got[0] != want {
			t.Errorf("%s: %d, want %d", path, got[0], want)
		}
	}
}

func TestHealthAndTheSwitchItselfNeverMisbehave(t *testing.T) {
	s := server.New()
	for _, f := range []server.Fault{
		{Mode: server.ModeFail}, {Mode: server.ModeDrop}, {Mode: server.ModeRateLimit}, {Mode: server.ModeSlow, Delay: "24h"},
		{Mode: server.ModeFail, PathPrefix: "/health"}, {Mode: server.ModeFail, PathPrefix: "/faults"},
	} {
		setFault(t, s, f)
		wantStatus(t, ask(s, "GET", "/health", ""), 200)
		wantStatus(t, ask(s, "GET", "/faults", ""), 200)
	}
}

func TestTheSwitchOverHTTP(t *testing.T) {
	s := server.New()
	if got := decode[server.Fault](t, ask(s, "GET", "/faults", "")); got != (server.Fault{Mode: server.ModeNone}) {
		t.Errorf("at first: %+v", got)
	}
	wantStatus(t, ask(s, "PUT", "/faults",
		`{"mode":"fail","status":502,"count":5,"path_prefix":"/products","retry_after_seconds":3}`), 204)
	want := server.Fault{Mode: server.ModeFail, Status: 502, Count: 5, PathPrefix: "/products", RetryAfterSeconds: 3}
	if got := decode[server.Fault](t, ask(s, "GET", "/faults", "")); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	wantStatus(t, ask(s, "GET", "/products", ""), 502)
	wantStatus(t, ask(s, "DELETE", "/faults", ""), 204)
	wantStatus(t, ask(s, "GET", "/products", ""), 200)
}

func TestAFaultThatMakesNoSenseIsRefused(t *testing.T) {
	for want, f := range map[string]server.Fault{
		`there is no mode "odd"`:         {Mode: "odd"},
		`there is no mode ""`:            {},
		"the status 200 is no failure":   {Mode: server.ModeFail, Status: 200},
		"the status 600 is no failure":   {Mode: server.ModeFail, Status: 600},
		`the delay "" is no positive`:    {Mode: server.ModeSlow},
		`the delay "soon" is no`:         {Mode: server.ModeSlow, Delay: "soon"},
		`the delay "-1s" is no`:          {Mode: server.ModeSlow, Delay: "-1s"},
		"the count -1 is negative":       {Mode: server.ModeDrop, Count: -1},
		"the retry_after_seconds -1":     {Mode: server.ModeRateLimit, RetryAfterSeconds: -1},
		`path_prefix "payments" fits no`: {Mode: server.ModeDrop, PathPrefix: "payments"},
	} {
		s := server.New()
		setFault(t, s, server.Fault{Mode: server.ModeFail, Status: 418})
		if err := s.SetFault(f); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: error %v, want %q", f, err, want)
		}
		wantStatus(t, ask(s, "GET", "/products", ""), 418) // the fault before still holds
	}
}

func TestSlowWaitsThenAnswersAsUsual(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.New()
		setFault(t, s, server.Fault{Mode: server.ModeSlow, Delay: "90s", Count: 1})
		begun := time.Now()
		wantStatus(t, ask(s, "POST", "/payments", order), 201)
		if took := time.Since(begun); took != 90*time.Second {
			t.Errorf("took %s, want 90s", took)
		}
		wantStatus(t, ask(s, "POST", "/payments", order), 201)
		if took := time.Since(begun); took != 90*time.Second {
			t.Errorf("the next was slow as well: %s", took)
		}
	})
}

func TestSlowDoesNothingForAClientThatLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := server.New()
		setFault(t, s, server.Fault{Mode: server.ModeSlow, Delay: "1h"})
		ctx, leave := context.WithTimeout(t.Context(), time.Second)
		defer leave()
		r := httptest.NewRequestWithContext(ctx, "POST", "/payments", strings.NewReader(order))
		begun := time.Now()
		s.Handler().ServeHTTP(httptest.NewRecorder(), r)
		if took := time.Since(begun); took != time.Second || len(s.Payments()) != 0 {
			t.Errorf("took %s, executed %v", took, s.Payments())
		}
	})
}

func TestSlowRefusesABodyThatIsTooLarge(t *testing.T) {
	s := server.New()
	setFault(t, s, server.Fault{Mode: server.ModeSlow, Delay: "1h"})
	wantStatus(t, ask(s, "POST", "/payments", strings.Repeat("x", 1<<20+1)), 413)
}

func TestDropAbortsTheHandler(t *testing.T) {
	s := server.New()
	setFault(t, s, server.Fault{Mode: server.ModeDrop})
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, http.ErrAbortHandler) {
			t.Errorf("recovered %v", err)
		}
	}()
	ask(s, "GET", "/products", "")
	t.Error("it was answered")
}
