// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// guarded is a client with all that a ServiceClient brings.
type guarded struct {
	client.ServiceClient `url:"http://service.invalid" retry-base-delay:"1s"`

	Get    func(ctx context.Context) (Product, error)    `get:"/x"`
	Put    func(ctx context.Context, body Product) error `put:"/x"`
	Delete func(ctx context.Context) error               `delete:"/x"`
	Post   func(ctx context.Context, body Product) error `post:"/x"`
	Patch  func(ctx context.Context, body Product) error `patch:"/x"`
	Pay    func(ctx context.Context, body Product) error `post:"/pay" idempotent:"true"`
}

// script is a port that gives one answer after another, the last again and
// again, and records what it is asked.
type script struct {
	t       *testing.T
	answers []func(*http.Request) (*http.Response, error)
	asked   []*http.Request
	bodies  []string
	times   []time.Duration
	begun   time.Time
	open    atomic.Int32 // bodies not closed
}

func newScript(t *testing.T, answers ...func(*http.Request) (*http.Response, error)) *script {
	s := &script{t: t, answers: answers, begun: time.Now()}
	t.Cleanup(func() {
		if n := s.open.Load(); n != 0 {
			t.Errorf("%d bodies of answers were not closed", n)
		}
	})
	return s
}

func (s *script) Start(context.Context) error { return nil }
func (s *script) Stop(context.Context) error  { return nil }

func (s *script) Request(r *http.Request) (*http.Response, error) {
	i := min(len(s.asked), len(s.answers)-1)
	s.asked = append(s.asked, r)
	s.times = append(s.times, time.Since(s.begun))
	body := ""
	if r.Body != nil {
		data, _ := io.ReadAll(r.Body)
		body = string(data)
	}
	s.bodies = append(s.bodies, body)
	response, err := s.answers[i](r)
	if response != nil {
		s.open.Add(1)
		response.Body = &closing{response.Body, &s.open}
	}
	return response, err
}

type closing struct {
	io.ReadCloser
	open *atomic.Int32
}

func (c *closing) Close() error { c.open.Add(-1); return c.ReadCloser.Close() }

func status(code int, header ...string) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return answer(code, "{}", header...), nil }
}

func broken(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

func hang(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

var (
	refusedConnection = &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	brokenConnection  = &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
	unknownHost       = &net.DNSError{Err: "no such host", Name: "service.invalid", IsNotFound: true}
)

func TestWhatIsRetried(t *testing.T) {
	body := Product{Name: "rake"}
	verbs := map[string]func(*guarded) error{
		"GET":    func(c *guarded) error { _, err := c.Get(context.Background()); return err },
		"PUT":    func(c *guarded) error { return c.Put(context.Background(), body) },
		"DELETE": func(c *guarded) error { return c.Delete(context.Background()) },
		"POST":   func(c *guarded) error { return c.Post(context.Background(), body) },
		"PATCH":  func(c *guarded) error { return c.Patch(context.Background(), body) },
		"PAY":    func(c *guarded) error { return c.Pay(context.Background(), body) }, // POST, idempotent:"true"
	}
	repeatable := []string{"GET", "PUT", "DELETE", "PAY"}
	all := []string{"GET", "PUT", "DELETE", "POST", "PATCH", "PAY"}
	cases := map[string]struct {
		answer  func(*http.Request) (*http.Response, error)
		retried []string
	}{
		"500":                              {status(500), repeatable},
		"502":                              {status(502), repeatable},
		"503 without Retry-After":          {status(503), repeatable},
		"503 with Retry-After":             {status(503, "Retry-After", "1"), all},
		"501":                              {status(501), nil},
		"408":                              {status(408), repeatable},
		"429":                              {status(429), all},
		"400":                              {status(400), nil},
		"401":                              {status(401), nil},
		"404":                              {status(404), nil},
		"409":                              {status(409), nil},
		"a connection that was never made": {broken(refusedConnection), all},
		"an unknown host":                  {broken(unknownHost), all},
		"a connection that broke":          {broken(brokenConnection), repeatable},
		"any other error of the port":      {broken(errors.New("odd")), repeatable},
		"an attempt that timed out":        {hang, repeatable},
		"a body that breaks off": {func(*http.Request) (*http.Response, error) {
			r := answer(200, "")
			r.Body = io.NopCloser(io.MultiReader(strings.NewReader(`{"na`), &failingReader{io.ErrUnexpectedEOF}))
			return r, nil
		}, repeatable},
		"a body that is no JSON": {func(*http.Request) (*http.Response, error) { return answer(200, "<html>"), nil }, nil},
	}
	for name, c := range cases {
		for verb, call := range verbs {
			t.Run(name+" "+verb, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					port := newScript(t, c.answer)
					err := call(wire[guarded](t, nil, port))
					want := 1
					if slices.Contains(c.retried, verb) {
						want = 3
					}
					if len(port.asked) != want {
						t.Errorf("%d attempts, want %d; %v", len(port.asked), want, err)
					}
					var e *client.Error
					if err != nil && (!errors.As(err, &e) || e.Attempts != len(port.asked)) {
						t.Errorf("the error counts other attempts: %+v", e)
					}
				})
			})
		}
	}
}

type failingReader struct{ err error }

func (r *failingReader) Read([]byte) (int, error) { return 0, r.err }

func TestRetriesCarryTheWholeBodyAndOneKey(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newScript(t, status(503), status(503), status(201))
		c := wire[guarded](t, nil, port)
		if err := c.Pay(t.Context(), Product{Name: "rake"}); err != nil {
			t.Fatal(err)
		}
		if want := []string{`{"name":"rake"}`, `{"name":"rake"}`, `{"name":"rake"}`}; !slices.Equal(port.bodies, want) {
			t.Errorf("bodies %q", port.bodies)
		}
		key := port.asked[0].Header.Get("Idempotency-Key")
		for _, r := range port.asked {
			if got := r.Header.Get("Idempotency-Key"); got == "" || got != key {
				t.Errorf("Idempotency-Key %q, want %q", got, key)
			}
		}
		_ = c.Pay(t.Context(), Product{})
		if again := port.asked[len(port.asked)-1].Header.Get("Idempotency-Key"); again == key {
			t.Error("two calls have the same key")
		}
		_ = c.Post(t.Context(), Product{})
		if key := port.asked[len(port.asked)-1].Header.Get("Idempotency-Key"); key != "" {
			t.Errorf("a method that is not declared idempotent sends the key %q", key)
		}
	})
}

func TestDelaysBetweenAttempts(t *testing.T) {
	inTwoSeconds := func(r *http.Request) (*http.Response, error) {
		return answer(503, "", "Retry-After", time.Now().Add(2*time.Second).UTC().Format(http.TimeFormat)), nil
	}
	cases := map[string]struct {
		answer   func(*http.Request) (*http.Response, error)
		settings map[string]any
		want     []time.Duration
	}{
		"doubled":                    {status(500), map[string]any{"pyfly.client.services.guarded.retry.max-attempts": 4}, []time.Duration{0, 1e9, 3e9, 7e9}},
		"Retry-After in seconds":     {status(429, "Retry-After", "3"), nil, []time.Duration{0, 3e9, 6e9}},
		"Retry-After as a date":      {inTwoSeconds, nil, []time.Duration{0, 2e9, 4e9}},
		"a shorter Retry-After":      {status(429, "Retry-After", "0"), nil, []time.Duration{0, 1e9, 3e9}},
		"a Retry-After that is none": {status(429, "Retry-After", "soon"), nil, []time.Duration{0, 1e9, 3e9}},
		"a Retry-After of 5 minutes": {status(429, "Retry-After", "300"), nil, []time.Duration{0, 300e9, 600e9}},
		"a longer Retry-After":       {status(429, "Retry-After", "301"), nil, []time.Duration{0}},
		"one that no number holds":   {status(503, "Retry-After", "99999999999999999999"), nil, []time.Duration{0}},
		"a longer one, if allowed":   {status(429, "Retry-After", "301"), map[string]any{"pyfly.client.retry.max-retry-after": "10m"}, []time.Duration{0, 301e9, 602e9}},
		"any, if allowed":            {status(429, "Retry-After", "86400"), map[string]any{"pyfly.client.retry.max-retry-after": 0}, []time.Duration{0, 86400e9, 172800e9}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				port := newScript(t, c.answer)
				_, _ = wire[guarded](t, c.settings, port).Get(t.Context())
				if !slices.Equal(port.times, c.want) {
					t.Errorf("attempts at %v, want %v", port.times, c.want)
				}
			})
		})
	}
}

func TestARetryAfterBeyondTheDeadlineIsNotSleptOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		port := newScript(t, status(503, "Retry-After", "60"))
		begun := time.Now()
		_, err := wire[guarded](t, nil, port).Get(ctx)
		if !errors.Is(err, client.ErrUnavailable) || time.Since(begun) != 0 {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}

func TestWhatOpensTheCircuit(t *testing.T) {
	cases := map[string]struct {
		answer func(*http.Request) (*http.Response, error)
		opens  bool
	}{
		"500":                    {status(500), true},
		"503":                    {status(503), true},
		"408":                    {status(408), true},
		"429":                    {status(429), true},
		"no connection":          {broken(refusedConnection), true},
		"a broken connection":    {broken(brokenConnection), true},
		"an attempt timed out":   {hang, true},
		"501":                    {status(501), false},
		"404":                    {status(404), false},
		"400":                    {status(400), false},
		"302":                    {status(302), false},
		"200":                    {status(200), false},
		"a body that is no JSON": {func(*http.Request) (*http.Response, error) { return answer(200, "<"), nil }, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := wire[guarded](t, map[string]any{
					"pyfly.client.services.guarded.retry.enabled":                     false,
					"pyfly.client.services.guarded.circuit-breaker.failure-threshold": 2,
				}, newScript(t, c.answer))
				for range 2 {
					_, _ = g.Get(t.Context())
				}
				if opened := g.CircuitBreaker().State() == resilience.StateOpen; opened != c.opens {
					t.Errorf("opened: %t, want %t", opened, c.opens)
				}
			})
		})
	}
}

func TestTheCallersCancellationIsNoFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newScript(t, hang)
		g := wire[guarded](t, map[string]any{"pyfly.client.services.guarded.circuit-breaker.failure-threshold": 1}, port)
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		_, err := g.Get(ctx)
		if !errors.Is(err, context.Canceled) || len(port.asked) != 1 {
			t.Errorf("%v after %d attempts", err, len(port.asked))
		}
		if g.CircuitBreaker().State() != resilience.StateClosed {
			t.Error("it opened the circuit")
		}
	})
}

func TestAnOpenCircuitIsNeitherRetriedNorCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		port := newScript(t, status(500))
		g := wire[guarded](t, map[string]any{
			"pyfly.client.services.guarded.circuit-breaker.failure-threshold": 2,
			"pyfly.client.services.guarded.circuit-breaker.recovery-timeout":  "10s",
		}, port)
		if _, err := g.Get(t.Context()); !errors.Is(err, kernel.ErrCircuitOpen) { // two attempts open it, the third is refused at once
			t.Fatal(err)
		}
		begun := time.Now()
		_, err := g.Get(t.Context())
		var refused *client.CircuitBreakerError
		var e *client.Error
		if !errors.As(err, &refused) || !errors.As(err, &e) || e.Attempts != 0 || time.Since(begun) != 0 || len(port.asked) != 2 {
			t.Errorf("%v, %d attempts in all, after %s", err, len(port.asked), time.Since(begun))
		}
		if refused.Name != "guarded" || refused.RetryAfter() != 10*time.Second {
			t.Errorf("refused by %q for %s", refused.Name, refused.RetryAfter())
		}
		time.Sleep(refused.RetryAfter())
		port.answers = append(port.answers, status(200))
		if _, err := g.Get(t.Context()); err != nil || g.CircuitBreaker().State() != client.CircuitState(resilience.StateClosed) {
			t.Errorf("after recovery: %v, %v", err, g.CircuitBreaker().State())
		}
	})
}

func TestOneBreakerIsSharedByTheMethodsOfAClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := wire[guarded](t, map[string]any{
			"pyfly.client.services.guarded.circuit-breaker.failure-threshold": 2,
			"pyfly.client.services.guarded.retry.enabled":                     false,
		}, newScript(t, status(500)))
		_, _ = g.Get(t.Context())
		_ = g.Delete(t.Context())
		if err := g.Put(t.Context(), Product{}); !errors.Is(err, kernel.ErrCircuitOpen) {
			t.Error(err)
		}
	})
}

func TestAPlainClientHasNeitherRetryNorBreaker(t *testing.T) {
	port := newScript(t, status(500))
	c := wire[catalog](t, nil, port)
	for range 20 {
		if _, err := c.Get(t.Context(), "1"); !errors.Is(err, client.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if len(port.asked) != 20 || c.CircuitBreaker() != nil {
		t.Errorf("%d attempts, breaker %v", len(port.asked), c.CircuitBreaker())
	}
}

func TestACancelledWaitIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(300*time.Millisecond, cancel)
		_, err := wire[guarded](t, nil, newScript(t, status(503))).Get(ctx)
		var e *client.Error
		if !errors.Is(err, context.Canceled) || !errors.Is(err, client.ErrUnavailable) || !errors.As(err, &e) || e.Status != 503 {
			t.Errorf("%v, %+v", err, e)
		}
	})
}

func TestThePortPanicsAndTheCallerSeesIt(t *testing.T) {
	g := wire[guarded](t, map[string]any{"pyfly.client.services.guarded.circuit-breaker.failure-threshold": 1},
		newScript(t, func(*http.Request) (*http.Response, error) { panic("port") }))
	func() {
		defer func() {
			if r := recover(); fmt.Sprint(r) != "port" {
				t.Errorf("recovered %v", r)
			}
		}()
		_, _ = g.Get(t.Context())
	}()
	if g.CircuitBreaker().State() != resilience.StateOpen {
		t.Error("a panic did not count as failure")
	}
}
