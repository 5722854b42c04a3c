// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/resilience"
)

// boutique is the client of the tests of policies.
type boutique struct {
	client.ServiceClient `url:"http://shop.invalid" name:"shop"`

	Get    func(ctx context.Context, id string, opts ...client.CallOption) (Product, error) `get:"/products/{id}"`
	Search func(ctx context.Context) (Product, error)                                       `get:"/search"`
	Buy    func(ctx context.Context, body Product) error                                    `post:"/orders"`
	Follow func(ctx context.Context, link client.URL) (Product, error)                      `get:"/"`
	Stream func(ctx context.Context) (io.ReadCloser, error)                                 `get:"/stream"`
}

func shopSettings(pairs ...any) map[string]any {
	settings := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		settings["pyfly.client.services.shop."+pairs[i].(string)] = pairs[i+1]
	}
	return settings
}

// answersAfter is a port that answers after a while, unless it is told to end
// before.
func answersAfter(d time.Duration, status int) portFunc {
	return func(r *http.Request) (*http.Response, error) {
		select {
		case <-time.After(d):
			return answer(status, `{"name":"rake"}`), nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
}

func TestABulkheadLimitsTheCallsOfAClient(t *testing.T) {
	for name, settings := range map[string]map[string]any{
		"of the client":  shopSettings("bulkhead.max-concurrent", 2, "bulkhead.max-queue", 1, "bulkhead.max-wait", "10s"),
		"of the method":  shopSettings("bulkhead.max-concurrent", 100, "methods.get.bulkhead.max-concurrent", 2, "methods.get.bulkhead.max-queue", 1),
		"of all clients": {"pyfly.client.bulkhead.enabled": true, "pyfly.client.bulkhead.max-concurrent": 2, "pyfly.client.bulkhead.max-queue": 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := wire[boutique](t, settings, answersAfter(time.Second, 200))
				var refused atomic.Int32
				begun := time.Now()
				var wg sync.WaitGroup
				for range 5 {
					wg.Go(func() {
						_, err := c.Get(t.Context(), "1")
						var e *client.Error
						if errors.Is(err, resilience.ErrBulkheadFull) && errors.As(err, &e) && e.Attempts == 0 {
							refused.Add(1)
						} else if err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
				if refused.Load() != 2 || time.Since(begun) != 2*time.Second {
					t.Errorf("%d refused, after %s", refused.Load(), time.Since(begun))
				}
			})
		})
	}
}

func TestWaitingForAPlaceTakesNoTimeFromACall(t *testing.T) {
	for name, limits := range map[string][]any{
		"of an attempt":    {"timeout", "1500ms"},
		"of all attempts":  {"timeout", "1s", "total-timeout", "1500ms", "retry.max-attempts", 1},
		"of a hedged call": {"timeout", "1500ms", "hedge.delay", "1400ms"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				settings := shopSettings(append(limits, "bulkhead.max-concurrent", 1, "bulkhead.max-queue", 1)...)
				c := wire[boutique](t, settings, answersAfter(900*time.Millisecond, 200))
				var wg sync.WaitGroup
				for range 2 { // the second waits for the first
					wg.Go(func() {
						if _, err := c.Get(t.Context(), "1"); err != nil {
							t.Error(err)
						}
					})
				}
				wg.Wait()
			})
		})
	}
}

func TestARateLimitAndATotalTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type limited struct {
			client.ServiceClient `url:"http://limited.invalid" circuit-breaker:"false" rate-limit:"2" total-timeout:"5s" timeout:"2s" retry-base-delay:"1s"`

			Get  func(ctx context.Context) error                  `get:"/"`
			Slow func(ctx context.Context) error                  `get:"/" timeout:"4s"`
			File func(ctx context.Context) (io.ReadCloser, error) `get:"/"`
		}
		c := wire[limited](t, nil, answersAfter(time.Hour, 200))
		begun := time.Now()
		err := c.Get(t.Context()) // 2s, 1s, 2s: the third does not fit
		if took := time.Since(begun); took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("after %s: %v", took, err)
		}
		begun = time.Now()
		err = c.Slow(t.Context()) // 4s, then no attempt fits: 1s of delay would outlast
		if took := time.Since(begun); took != 4*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a method's own timeout: after %s: %v", took, err)
		}
		begun = time.Now()
		_, err = c.File(t.Context())
		if took := time.Since(begun); took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a stream: after %s: %v", took, err)
		}

		c = wire[limited](t, nil, answersAfter(0, 200))
		refused := 0
		for range 5 {
			if err := c.Get(t.Context()); errors.Is(err, resilience.ErrRateLimitReached) {
				refused++
			} else if err != nil {
				t.Error(err)
			}
		}
		if refused != 3 {
			t.Errorf("%d calls were refused, want 3", refused)
		}
	})
}

func TestATotalTimeoutDoesNotCutAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := wire[boutique](t, shopSettings("total-timeout", "10s", "timeout", "1s"), portFunc(func(r *http.Request) (*http.Response, error) {
			body, w := io.Pipe()
			go func() {
				for range 20 {
					time.Sleep(5 * time.Second) // virtual
					if r.Context().Err() != nil {
						break
					}
					_, _ = io.WriteString(w, "x")
				}
				_ = w.CloseWithError(r.Context().Err())
			}()
			return &http.Response{StatusCode: 200, Body: body}, nil
		}))
		stream, err := c.Stream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if text, err := io.ReadAll(stream); len(text) != 20 || err != nil {
			t.Errorf("read %d bytes, %v", len(text), err)
		}
		_ = stream.Close()
	})
}

func TestOnlyWhatMayBeRepeatedIsHedged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent atomic.Int32
		var cut atomic.Int32
		port := portFunc(func(r *http.Request) (*http.Response, error) {
			takes := time.Minute
			if sent.Add(1) > 1 {
				takes = 50 * time.Millisecond
			}
			response, err := answersAfter(takes, 200)(r)
			if err != nil {
				cut.Add(1)
			}
			return response, err
		})
		c := wire[boutique](t, shopSettings("hedge.delay", "100ms"), port)
		begun := time.Now()
		if p, err := c.Get(t.Context(), "1"); err != nil || p.Name != "rake" || time.Since(begun) != 150*time.Millisecond {
			t.Errorf("got %v, %v after %s", p, err, time.Since(begun))
		}
		synctest.Wait()
		if sent.Load() != 2 || cut.Load() != 1 {
			t.Errorf("%d were sent, %d cut", sent.Load(), cut.Load())
		}
		sent.Store(0)
		if err := c.Buy(t.Context(), Product{}); !errors.Is(err, context.DeadlineExceeded) || sent.Load() != 1 {
			t.Errorf("a POST: %v, %d were sent", err, sent.Load())
		}
	})
}

func TestAHedgedCallThatFailsIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var attempts []int
		var mu sync.Mutex
		c := wire[boutique](t, shopSettings("hedge.delay", "100ms", "retry.attempt-header", true, "retry.base-delay", "1s"), portFunc(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			n := len(attempts) + 1
			attempts = append(attempts, n)
			mu.Unlock()
			if header := r.Header.Get("X-Retry-Attempt"); n > 1 && header != fmt.Sprint(n) || n == 1 && header != "" {
				t.Errorf("attempt %d says it is %q", n, header)
			}
			if n < 4 {
				return answersAfter(150*time.Millisecond, 503)(r)
			}
			return answer(404, ""), nil
		}))
		_, err := c.Get(t.Context(), "1")
		var e *client.Error
		if !errors.As(err, &e) || e.Status != 404 && e.Status != 503 || len(attempts) < 4 {
			t.Errorf("%v after %d attempts", err, len(attempts))
		}
		synctest.Wait()
	})
}

func TestAnOldAnswerTakesThePlaceOfAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := 200
		c := wire[boutique](t, shopSettings("stale-if-error", "10m", "retry.enabled", false), portFunc(func(r *http.Request) (*http.Response, error) {
			return answer(status, `{"name":"`+r.URL.Path+r.Header.Get("X-User")+`"}`, "Content-Type", "application/json"), nil
		}))
		get := func(id, user string) (string, error) {
			p, err := c.Get(t.Context(), id, client.CallHeader("X-User", user))
			return p.Name, err
		}
		for _, user := range []string{"ada", "bob"} {
			if name, err := get("1", user); name != "/products/1"+user || err != nil {
				t.Fatalf("got %q, %v", name, err)
			}
		}
		status = 503
		time.Sleep(10 * time.Minute) // virtual
		for _, user := range []string{"ada", "bob"} {
			if name, err := get("1", user); name != "/products/1"+user || err != nil {
				t.Errorf("the old answer of %s: %q, %v", user, name, err)
			}
		}
		if _, err := get("2", "ada"); !errors.Is(err, client.ErrUnavailable) {
			t.Errorf("another request: %v", err)
		}
		status = 404
		if _, err := get("1", "ada"); !errors.Is(err, client.ErrNotFound) {
			t.Errorf("an answer of the service: %v", err)
		}
		status = 503
		time.Sleep(time.Second)
		if _, err := get("1", "ada"); !errors.Is(err, client.ErrUnavailable) {
			t.Errorf("too old: %v", err)
		}
	})
}

func TestWhatElseIsRetried(t *testing.T) {
	for name, c := range map[string]struct {
		settings map[string]any
		options  []client.Option
		status   int
		want     int
	}{
		"no status of its own": {nil, nil, 409, 1},
		"a status":             {shopSettings("retry.on-statuses", []int{409, 425}), nil, 409, 3},
		"a condition":          {nil, []client.Option{client.WithRetryIf(func(e *client.Error) bool { return e.Status == 423 })}, 423, 3},
		"not the condition":    {nil, []client.Option{client.WithRetryIf(func(e *client.Error) bool { return e.Status == 423 })}, 404, 1},
	} {
		sent := 0
		settings := map[string]any{"pyfly.client.retry.base-delay": "0s"}
		for key, value := range c.settings {
			settings[key] = value
		}
		factory := client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
			return portFunc(func(*http.Request) (*http.Response, error) { sent++; return answer(c.status, ""), nil }), nil
		})
		s := wireBy[boutique](t, settings, append(c.options, factory)...)
		if _, err := s.Get(t.Context(), "1"); err == nil || sent != c.want {
			t.Errorf("%s: %d attempts, want %d; %v", name, sent, c.want, err)
		}
		sent = 0
		if err := s.Buy(t.Context(), Product{}); err == nil || sent != 1 {
			t.Errorf("%s: a POST was sent %d times", name, sent)
		}
	}
}

func TestRetriesDoNotMultiplyAlongAChain(t *testing.T) {
	var atTheEnd atomic.Int32
	end := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		atTheEnd.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}))
	defer end.Close()
	settings := func(url string) map[string]any {
		return over("shop", url, "pyfly.client.retry.attempt-header", true, "pyfly.client.retry.base-delay", "0s", "pyfly.client.services.shop.circuit-breaker.enabled", false)
	}
	inner := wireBy[boutique](t, settings(end.URL))
	middle := httptest.NewServer(client.SuppressRetries(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := inner.Get(r.Context(), "1"); err != nil {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})))
	defer middle.Close()
	outer := wireBy[boutique](t, settings(middle.URL))
	if _, err := outer.Get(t.Context(), "1"); !errors.Is(err, client.ErrUnavailable) {
		t.Fatal(err)
	}
	if n := atTheEnd.Load(); n != 3+1+1 {
		t.Errorf("the last service was asked %d times, want 5 instead of 9", n)
	}
}

func TestScopesOfCircuitBreakers(t *testing.T) {
	for scope, want := range map[string]struct{ get, search, elsewhere resilience.CircuitState }{
		"client": {resilience.StateOpen, resilience.StateOpen, resilience.StateOpen},
		"method": {resilience.StateOpen, resilience.StateClosed, resilience.StateClosed},
		"host":   {resilience.StateOpen, resilience.StateOpen, resilience.StateClosed},
	} {
		t.Run(scope, func(t *testing.T) {
			sent := 0
			c := wire[boutique](t, shopSettings("circuit-breaker.scope", scope, "circuit-breaker.failure-threshold", 1, "retry.enabled", false, "allowed-hosts", "other.invalid"),
				portFunc(func(r *http.Request) (*http.Response, error) {
					sent++
					return answer(500, ""), nil
				}))
			state := func(call func() error) resilience.CircuitState {
				before := sent
				if err := call(); errors.Is(err, kernel.ErrCircuitOpen) && sent == before {
					return resilience.StateOpen
				}
				return resilience.StateClosed
			}
			get := func() error { _, err := c.Get(t.Context(), "1"); return err }
			search := func() error { _, err := c.Search(t.Context()); return err }
			elsewhere := func() error { _, err := c.Follow(t.Context(), "http://other.invalid/x"); return err }
			_ = get()
			if got := state(get); got != want.get {
				t.Errorf("the method is %s", got)
			}
			if got := state(elsewhere); got != want.elsewhere {
				t.Errorf("another host is %s", got)
			}
			if got := state(search); got != want.search {
				t.Errorf("another method is %s", got)
			}
			if has := c.CircuitBreaker() != nil; has != (scope == "client") {
				t.Errorf("there is a common breaker: %t", has)
			}
		})
	}
}

func TestSettingsAreInherited(t *testing.T) {
	sent := 0
	c := wire[boutique](t, map[string]any{
		"pyfly.client.configs.internal.retry.max-attempts":     5,
		"pyfly.client.configs.internal.retry.base-delay":       "0s",
		"pyfly.client.configs.internal.base":                   "default",
		"pyfly.client.configs.fragile.base":                    "internal",
		"pyfly.client.configs.fragile.retry.max-attempts":      4,
		"pyfly.client.configs.fragile.circuit-breaker.enabled": false,
		"pyfly.client.services.shop.base":                      "fragile",
	}, portFunc(func(*http.Request) (*http.Response, error) { sent++; return answer(500, ""), nil }))
	if _, err := c.Get(t.Context(), "1"); err == nil || sent != 4 || c.CircuitBreaker() != nil {
		t.Errorf("%v after %d attempts, breaker %v", err, sent, c.CircuitBreaker())
	}
}

func TestSettingsThatDoNotFitTogetherAreAllReported(t *testing.T) {
	for want, settings := range map[string]map[string]any{
		"the timeout of one attempt, 30s, must not be longer":  shopSettings("total-timeout", "10s"),
		"the delays between all attempts, 3s, must fit":        shopSettings("total-timeout", "3s", "timeout", "1s"),
		"the delay of a hedge, 2s, must be shorter":            shopSettings("hedge.delay", "2s", "timeout", "1s"),
		"minimum-calls is 50, which a window-size of 10":       shopSettings("circuit-breaker.sliding-window", "count", "circuit-breaker.window-size", 10, "circuit-breaker.minimum-calls", 50),
		"write how many calls a second there may be":           shopSettings("rate-limit.burst", 10),
		"write a share above 0 and up to 1":                    shopSettings("circuit-breaker.failure-rate", 1.5),
		"write count, time or none":                            shopSettings("circuit-breaker.sliding-window", "sum"),
		"write client, method or host":                         shopSettings("circuit-breaker.scope", "world"),
		"write none, full, equal or decorrelated":              shopSettings("retry.jitter", "some"),
		"write statuses between 300 and 599":                   shopSettings("retry.on-statuses", []int{200}),
		"write default or one of the names below":              shopSettings("base", "nothing"),
		"write a base that does not lead back to itself":       {"pyfly.client.services.shop.base": "a", "pyfly.client.configs.a.base": "b", "pyfly.client.configs.b.base": "a"},
		"half-open-successes is 3, but there are only 2":       shopSettings("circuit-breaker.half-open-probes", 2, "circuit-breaker.half-open-successes", 3),
		"initial-limit 50, max-limit 10":                       shopSettings("adaptive-limit.initial-limit", 50, "adaptive-limit.max-limit", 10),
		"write a number of at least 1":                         shopSettings("bulkhead.max-concurrent", 0),
		"the timeout of one attempt, 1m0s, must not be longer": shopSettings("total-timeout", "40s", "methods.get.timeout", "60s"),
	} {
		p := client.NewHttpClientBeanPostProcessor(client.WithConfig(config.New(settings)))
		_, err := p.AfterInit(client.NewStub[boutique](), "shop")
		if !errors.Is(err, kernel.ErrConfig) || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestEventsAndCountersTellWhatHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := 503
		app := newApp(map[string]any{
			"pyfly.client.services.shop.retry.base-delay":                  "1s",
			"pyfly.client.services.shop.retry.budget.ratio":                0,
			"pyfly.client.services.shop.retry.budget.min-per-second":       1,
			"pyfly.client.services.shop.circuit-breaker.failure-threshold": 3,
			"pyfly.client.services.shop.circuit-breaker.recovery-timeout":  "10s",
		}, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
			return portFunc(func(*http.Request) (*http.Response, error) { return answer(status, "{}"), nil }), nil
		}))
		client.Register[boutique](app)
		var kinds []string
		lifecycle.Subscribe(app.Events(), func(e client.PolicyEvent) {
			text := string(e.Kind) + " " + e.Client + "." + e.Method
			if e.Kind == client.EventStateChanged {
				text += fmt.Sprintf(" %s>%s", e.From, e.To)
			}
			if e.At.IsZero() {
				t.Error("an event without time")
			}
			kinds = append(kinds, text)
		})
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		c := getBean[boutique](t, app)
		_, _ = c.Get(t.Context(), "1") // a retry, then the budget is spent
		_, _ = c.Get(t.Context(), "1") // the third failure opens the circuit
		_, _ = c.Get(t.Context(), "1")
		time.Sleep(10 * time.Second) // virtual
		status = 200
		if _, err := c.Get(t.Context(), "1"); err != nil {
			t.Error(err)
		}
		want := []string{
			"retry-scheduled shop.Get", "retry-scheduled shop.Get", "state-changed shop. closed>open", "rejected shop.Get",
			"rejected shop.Get", "state-changed shop. open>half-open", "state-changed shop. half-open>closed",
		}
		got := slices.DeleteFunc(slices.Clone(kinds), func(k string) bool { return strings.HasPrefix(k, "budget-exhausted") })
		if len(kinds) == 0 || got[0] != want[0] || !slices.Contains(got, want[2]) || !slices.Contains(got, want[3]) || got[len(got)-1] != want[6] {
			t.Errorf("got %v", kinds)
		}
		stats := client.Stats(app)
		if len(stats) != 1 || stats[0].Client != "shop" || stats[0].Calls != 4 || stats[0].Failures != 3 || stats[0].Rejected < 1 || stats[0].InFlight != 0 ||
			len(stats[0].CircuitBreakers) != 1 || stats[0].CircuitBreakers[0].Openings != 1 || stats[0].Retries < 1 {
			t.Errorf("%+v", stats)
		}
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if len(client.Stats(app)) != 0 {
			t.Error("a stopped application has counters")
		}
	})
}
