// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/discovery"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// fleet is a port to instances in memory, and a resolver that knows them.
type fleet struct {
	mu     sync.Mutex
	served map[string]int // attempts, by address
	told   map[string]bool
	behave map[string]portFunc // those that are not here are well

	resolverMu sync.Mutex
	updates    []func([]discovery.Instance)
	set        []discovery.Instance // nil: not known yet
}

func newFleet(addresses ...string) *fleet {
	f := &fleet{served: map[string]int{}, behave: map[string]portFunc{}, told: map[string]bool{}}
	if addresses != nil {
		f.set = at(addresses...)
	}
	return f
}

func at(addresses ...string) []discovery.Instance {
	set := []discovery.Instance{}
	for _, address := range addresses {
		set = append(set, discovery.Instance{Address: address})
	}
	return set
}

// Watch implements discovery.Resolver.
func (f *fleet) Watch(ctx context.Context, service string, update func([]discovery.Instance)) error {
	f.resolverMu.Lock()
	f.updates = append(f.updates, update)
	set := f.set
	f.resolverMu.Unlock()
	if service != "shop.invalid" {
		return fmt.Errorf("the service is %s", service)
	}
	if set != nil {
		update(set)
	}
	<-ctx.Done()
	return ctx.Err()
}

// change changes the set.
func (f *fleet) change(addresses ...string) {
	f.resolverMu.Lock()
	defer f.resolverMu.Unlock()
	f.set = at(addresses...)
	for _, update := range f.updates {
		update(f.set)
	}
}

func (f *fleet) make(address string, behave portFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.behave[address] = behave
}

// Request implements client.HttpClientPort.
func (f *fleet) Request(r *http.Request) (*http.Response, error) {
	address, ok := port.InstanceOf(r.Context())
	if !ok || r.URL.Host != address || r.URL.Scheme != "http" || r.Host != "shop.invalid" || !strings.HasPrefix(r.URL.Path, "/") {
		return nil, fmt.Errorf("the request leads to %s with the Host %q, and the instance is %q", r.URL, r.Host, address)
	}
	f.mu.Lock()
	f.served[address]++
	behave := f.behave[address]
	f.mu.Unlock()
	if behave == nil {
		return answer(http.StatusOK, `{"name":"rake"}`), nil
	}
	return behave(r)
}

func (f *fleet) Start(context.Context) error { return nil }
func (f *fleet) Stop(context.Context) error  { return nil }

// attempts returns how many there were, by address, and forgets them.
func (f *fleet) attempts() map[string]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	served := f.served
	f.served = map[string]int{}
	return served
}

func (f *fleet) options() []client.Option {
	return []client.Option{
		client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return f, nil }),
		client.WithResolver("fleet", f),
	}
}

func isDead(*http.Request) (*http.Response, error) {
	return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}

func isSick(*http.Request) (*http.Response, error) { return answer(500, ""), nil }

func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// withFleet runs a test in virtual time with a client whose service is a fleet.
func withFleet(t *testing.T, f *fleet, test func(t *testing.T, c *boutique), settings ...any) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := wireBy[boutique](t, shopSettings(append([]any{"discovery", "fleet"}, settings...)...), f.options()...)
		test(t, c)
	})
}

func TestNoIdempotentCallFailsWhileOneInstanceOfThreeDoes(t *testing.T) {
	for name, behave := range map[string]portFunc{"dead": isDead, "sick": isSick, "hanging": hangs} {
		for _, policy := range []string{"least-request", "round-robin", "random"} {
			t.Run(name+" "+policy, func(t *testing.T) {
				f := newFleet("a:80", "b:80", "c:80")
				f.make("b:80", behave)
				withFleet(t, f, func(t *testing.T, c *boutique) {
					for range 300 {
						_, err := c.Get(t.Context(), "1")
						require.NoError(t, err)
					}
					assert.Equal(t, resilience.StateClosed, c.CircuitBreaker().State())
					assert.LessOrEqual(t, f.attempts()["b:80"], 6, "it is ejected after 5")
				}, "load-balancing.policy", policy, "timeout", "1s", "retry.base-delay", "1s", "retry.budget.min-per-second", 1000)
			})
		}
	}
}

func TestARetryAfterNoConnectionGoesElsewhereAtOnce(t *testing.T) {
	f := newFleet("a:80", "b:80")
	f.make("a:80", isDead)
	withFleet(t, f, func(t *testing.T, c *boutique) {
		begun := time.Now()
		for range 20 {
			require.NoError(t, c.Buy(t.Context(), Product{}), "a POST as well: it was not sent")
		}
		assert.Zero(t, time.Since(begun))
		f.make("b:80", isDead)
		begun = time.Now()
		_, err := c.Get(t.Context(), "1")
		require.Error(t, err)
		assert.NotZero(t, time.Since(begun), "there is no other")
	}, "retry.base-delay", "1s")
}

func TestAnInstanceIsEjectedAndComesBack(t *testing.T) {
	f := newFleet("a:80", "b:80", "c:80")
	f.make("a:80", isSick)
	withFleet(t, f, func(t *testing.T, c *boutique) {
		get := func(times int) {
			for range times {
				_, err := c.Get(t.Context(), "1")
				require.NoError(t, err)
			}
		}
		get(60)
		assert.Equal(t, 3, f.attempts()["a:80"])
		f.make("a:80", nil)
		get(60)
		assert.Zero(t, f.attempts()["a:80"])
		time.Sleep(time.Minute) // virtual
		get(60)
		assert.NotZero(t, f.attempts()["a:80"])
	}, "outlier-detection.consecutive-failures", 3, "outlier-detection.ejection-time", "1m", "retry.base-delay", "1s", "retry.budget.min-per-second", 1000, "load-balancing.policy", "round-robin")
}

func TestTheServicesFailureOpensTheCircuit(t *testing.T) {
	f := newFleet("a:80", "b:80", "c:80")
	for _, address := range []string{"a:80", "b:80", "c:80"} {
		f.make(address, isSick)
	}
	withFleet(t, f, func(t *testing.T, c *boutique) {
		for range 5 {
			_, err := c.Get(t.Context(), "1")
			require.ErrorIs(t, err, client.ErrUnavailable)
		}
		_, err := c.Get(t.Context(), "1")
		require.ErrorIs(t, err, kernel.ErrCircuitOpen)
	}, "retry.enabled", false)
}

func TestWithoutInstances(t *testing.T) {
	answers := func(t *testing.T, c *boutique, took time.Duration) {
		t.Helper()
		begun := time.Now()
		_, err := c.Get(t.Context(), "1")
		require.ErrorIs(t, err, client.ErrNoInstances)
		require.ErrorContains(t, err, `"shop.invalid"`)
		var e *client.Error
		require.ErrorAs(t, err, &e)
		assert.Zero(t, e.Attempts, "choosing is no attempt")
		assert.Equal(t, took, time.Since(begun))
		for range 10 {
			_, err = c.Stream(t.Context())
			require.ErrorIs(t, err, client.ErrNoInstances)
		}
		assert.Equal(t, resilience.StateClosed, c.CircuitBreaker().State())
	}
	t.Run("an answer is late", func(t *testing.T) {
		withFleet(t, newFleet(), func(t *testing.T, c *boutique) { answers(t, c, 7*time.Second) }, "timeout", "7s")
	})
	t.Run("an answer is later than all attempts may take", func(t *testing.T) {
		withFleet(t, newFleet(), func(t *testing.T, c *boutique) { answers(t, c, 9*time.Second) }, "timeout", "7s", "total-timeout", "9s")
	})
	t.Run("with hedges", func(t *testing.T) {
		withFleet(t, newFleet(), func(t *testing.T, c *boutique) { answers(t, c, 9*time.Second) }, "timeout", "7s", "total-timeout", "9s", "hedge", "1s")
	})
	t.Run("the first answer is empty", func(t *testing.T) {
		withFleet(t, newFleet([]string{}...), func(t *testing.T, c *boutique) { answers(t, c, 0) }, "timeout", "7s")
	})
	t.Run("the caller gives up", func(t *testing.T) {
		withFleet(t, newFleet(), func(t *testing.T, c *boutique) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Second, cancel)
			_, err := c.Get(ctx, "1")
			require.ErrorIs(t, err, context.Canceled)
			require.NotErrorIs(t, err, client.ErrNoInstances)
		})
	})
	t.Run("a late answer serves those who wait", func(t *testing.T) {
		f := newFleet()
		withFleet(t, f, func(t *testing.T, c *boutique) {
			time.AfterFunc(time.Second, func() { f.change("a:80") })
			_, err := c.Get(t.Context(), "1")
			require.NoError(t, err)
		})
	})
	t.Run("an empty set is doubted for a time", func(t *testing.T) {
		f := newFleet("a:80")
		withFleet(t, f, func(t *testing.T, c *boutique) {
			_, err := c.Get(t.Context(), "1")
			require.NoError(t, err)
			f.change()
			time.Sleep(29 * time.Second) // virtual
			_, err = c.Get(t.Context(), "1")
			require.NoError(t, err)
			time.Sleep(2 * time.Second) // virtual
			_, err = c.Get(t.Context(), "1")
			require.ErrorIs(t, err, client.ErrNoInstances)
		})
	})
}

func TestFallbackAndStatisticsOfACallWithoutInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		f.set = at()
		app := newApp(shopSettings("discovery", "fleet"), f.options()...)
		client.Register[boutique](app, client.Fallback(&boutique{
			Get: func(ctx context.Context, _ string, _ ...client.CallOption) (Product, error) {
				require.ErrorIs(t, client.Cause(ctx), client.ErrNoInstances)
				return Product{Name: "fork"}, nil
			},
		}))
		require.NoError(t, app.Start(t.Context()))
		defer func() { require.NoError(t, app.Stop(context.Background())) }()
		got, err := getBean[boutique](t, app).Get(t.Context(), "1")
		require.NoError(t, err)
		require.Equal(t, "fork", got.Name)
		s := client.Stats(app)[0]
		require.Equal(t, []int64{1, 1, 0}, []int64{s.Calls, s.Failures, s.Retries})
	})
}

func TestAStreamHoldsItsInstanceUntilItEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet("a:80")
		app, c := startBoutique(t, shopSettings("discovery", "fleet"), f.options()...)
		body, err := c.Stream(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, client.Stats(app)[0].Instances[0].InFlight)
		f.change("b:80")
		synctest.Wait()
		s := client.Stats(app)[0].Instances
		require.Len(t, s, 2)
		require.Equal(t, []string{"b:80", "up", "a:80", "left"}, []string{s[0].Address, s[0].State, s[1].Address, s[1].State})
		_, err = io.ReadAll(body)
		require.NoError(t, err)
		require.NoError(t, body.Close())
		require.Len(t, client.Stats(app)[0].Instances, 1)
	})
}

func TestHedgesGoElsewhere(t *testing.T) {
	f := newFleet("a:80", "b:80")
	for _, address := range []string{"a:80", "b:80"} {
		f.make(address, func(r *http.Request) (*http.Response, error) { return answersAfter(time.Second, 200)(r) })
	}
	withFleet(t, f, func(t *testing.T, c *boutique) {
		synctest.Wait() // until it is known which instances there are
		for range 20 {
			_, err := c.Get(t.Context(), "1")
			require.NoError(t, err)
			require.Equal(t, map[string]int{"a:80": 1, "b:80": 1}, f.attempts())
		}
	}, "hedge", "100ms", "retry.enabled", false, "retry.budget.min-per-second", 1000, "load-balancing.policy", "random")
}

func TestABadInstanceLeavesTheCircuitBreakerAlone(t *testing.T) {
	f := newFleet("a:80", "b:80")
	f.make("a:80", isSick)
	withFleet(t, f, func(t *testing.T, c *boutique) {
		failed := 0
		for range 20 {
			time.Sleep(time.Second) // virtual
			if _, err := c.Get(t.Context(), "1"); err != nil {
				require.ErrorIs(t, err, client.ErrUnavailable)
				failed++
			}
		}
		require.Equal(t, 10, failed)
	}, "retry.enabled", false, "load-balancing.policy", "round-robin", "outlier-detection", false, "circuit-breaker.sliding-window", "count",
		"circuit-breaker.window-size", 10, "circuit-breaker.minimum-calls", 5, "circuit-breaker.failure-rate", 0.4)
}

// others are the addresses that were asked.
func (f *fleet) asked() []string {
	var addresses []string
	for address := range f.attempts() {
		addresses = append(addresses, address)
	}
	slices.Sort(addresses)
	return addresses
}

func TestDiscoveryFollowsChangesOfSettings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, late := newFleet("a:80", "b:80"), newFleet()
		app, c := startBoutique(t, shopSettings("discovery", "fleet"), append(f.options(), client.WithResolver("late", late))...)
		asked := func() []string {
			for range 50 {
				_, err := c.Get(t.Context(), "1")
				require.NoError(t, err)
			}
			return f.asked()
		}
		require.Equal(t, []string{"a:80", "b:80"}, asked())
		change(app, shopSettings("discovery", "late", "load-balancing.policy", "round-robin"))
		require.Equal(t, []string{"a:80", "b:80"}, asked(), "the old set serves until the new one is known")
		f.change("a:80", "b:80", "c:80")
		synctest.Wait()
		require.Equal(t, []string{"a:80", "b:80", "c:80"}, asked())
		late.change("d:80")
		synctest.Wait()
		require.Equal(t, []string{"d:80"}, asked())
		f.change("a:80")
		synctest.Wait()
		require.Equal(t, []string{"d:80"}, asked())
		change(app, shopSettings("discovery", "static", "instances", "e:80, f:80"))
		synctest.Wait()
		require.Equal(t, []string{"e:80", "f:80"}, asked())
		change(app, shopSettings("discovery", "static", "instances", "e:80, f:80", "load-balancing.policy", "fastest"))
		require.Equal(t, []string{"e:80", "f:80"}, asked(), "wrong settings change nothing")
		change(app, shopSettings("discovery", "static", "instances", "e:80"))
		synctest.Wait()
		require.Equal(t, []string{"e:80"}, asked())
	})
}

// unruly is a resolver that panics, exits and returns before it answers.
type unruly struct{ asked int }

// Watch implements discovery.Resolver.
func (u *unruly) Watch(ctx context.Context, _ string, update func([]discovery.Instance)) error {
	u.asked++
	switch u.asked {
	case 1:
		panic("no registry")
	case 2:
		runtime.Goexit()
	case 3:
		return errors.New("no registry")
	}
	update([]discovery.Instance{{Address: "rubbish"}, {Address: "a:80"}, {Address: "a:80"}, {Address: "b:80", Weight: -1}})
	<-ctx.Done()
	return ctx.Err()
}

func TestAnUnrulyResolverIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		c := wireBy[boutique](t, shopSettings("discovery", "unruly"), f.options()[0], client.WithResolver("unruly", &unruly{}))
		for range 10 {
			_, err := c.Get(t.Context(), "1")
			require.NoError(t, err)
		}
		require.Equal(t, map[string]int{"a:80": 10}, f.attempts())
	})
}

func TestAnApplicationWaitsForRequiredDiscovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		app := newApp(shopSettings("discovery.type", "fleet", "discovery.required", true), f.options()...)
		client.Register[boutique](app)
		begun := time.Now()
		time.AfterFunc(5*time.Second, func() { f.change("a:80") })
		require.NoError(t, app.Start(t.Context()))
		require.Equal(t, 5*time.Second, time.Since(begun))
		require.NoError(t, app.Stop(context.Background()))

		app = newApp(shopSettings("discovery.type", "fleet", "discovery.required", true), newFleet().options()...)
		client.Register[boutique](app)
		err := app.Start(t.Context())
		require.ErrorIs(t, err, client.ErrNoInstances)
		require.ErrorContains(t, err, "discovery.required")
	})
}

func TestBeansAreResolvers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet("a:80")
		app := newApp(shopSettings("discovery", "registry"), f.options()[0])
		app.Register(func() *fleet { return f }, container.Named("registry"), container.As[discovery.Resolver]())
		client.Register[boutique](app)
		require.NoError(t, app.Start(t.Context()))
		defer func() { require.NoError(t, app.Stop(context.Background())) }()
		_, err := getBean[boutique](t, app).Get(t.Context(), "1")
		require.NoError(t, err)
	})
}

func TestMistakesInSettingsOfDiscovery(t *testing.T) {
	for written, want := range map[string]string{
		`{discovery: etcd}`:                                               `discovery: "etcd" is not allowed: write static, dns, srv or the name of a bean of type discovery.Resolver: fleet`,
		`{discovery: static}`:                                             `discovery: "static" is not allowed: write instances beside it`,
		`{discovery: static, instances: []}`:                              `instances`,
		`{discovery: static, instances: "10.0.0.1"}`:                      `a host and a port`,
		`{discovery: static, instances: [{address: "a:80", weight: -1}]}`: `the weight is -1`,
		`{discovery: static, instances: [{address: "a:80", wieght: 1}]}`:  `the key wieght`,
		`{discovery: static, instances: ["a:80", "A:080"]}`:               `a:80 is there twice`,
		`{discovery: dns, proxy: "http://proxy:3128"}`:                    `proxy: "http://proxy:3128" is not allowed: remove it or the discovery`,
		`{discovery: dns, unix-socket: /run/x}`:                           `unix-socket: "/run/x" is not allowed`,
		`{instances: "a:80"}`:                                             `write discovery: static`,
		`{discovery: dns, load-balancing: {policy: best}}`:                `load-balancing.policy: "best" is not allowed: write least-request, round-robin or random`,
		`{discovery: dns, load-balancing: {zone: eu}}`:                    `load-balancing.zone: "eu" is not allowed: remove it: it is not supported yet`,
		`{discovery: dns, load-balancing: {slow-start: 30s}}`:             `load-balancing.slow-start`,
		`{discovery: dns, load-balancing: {hash-on: "header:X"}}`:         `load-balancing.hash-on`,
		`{discovery: dns, outlier-detection: {consecutive-failures: 0}}`:  `outlier-detection.consecutive-failures`,
		`{discovery: dns, outlier-detection: {ejection-time: 0s}}`:        `outlier-detection.ejection-time`,
		`{discovery: dns, outlier-detection: {max-ejected: 1.5}}`:         `outlier-detection.max-ejected: "1.5" is not allowed: write a share`,
		`{discovery: {type: dns, empty-grace: -1s}}`:                      `discovery.empty-grace`,
	} {
		t.Run(written, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pyfly.yaml")
			require.NoError(t, os.WriteFile(path, []byte("pyfly.client.services.shop: "+written), 0o600))
			cfg, err := config.Load(config.File(path))
			require.NoError(t, err)
			p := client.NewHttpClientBeanPostProcessor(client.WithConfig(cfg), client.WithResolver("fleet", newFleet()))
			_, err = p.AfterInit(client.NewStub[boutique](), "shop")
			require.ErrorIs(t, err, kernel.ErrConfig)
			assert.ErrorContains(t, err, want)
			assert.ErrorContains(t, err, "pyfly.yaml:1: pyfly.client.services.shop.")
		})
	}
}

// closingFleet is a fleet that is told which instances have left.
type closingFleet struct {
	*fleet
	closed []string
}

// CloseInstance implements port.InstanceCloser.
func (c *closingFleet) CloseInstance(address string) { c.closed = append(c.closed, address) }

func TestThePortIsToldWhatHasLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet("a:80", "b:80")
		sender := &closingFleet{fleet: f}
		app, c := startBoutique(t, shopSettings("discovery", "fleet"), client.WithResolver("fleet", f),
			client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return sender, nil }))
		body, err := c.Stream(t.Context())
		require.NoError(t, err)
		streaming := f.asked()[0]
		f.change("c:80")
		synctest.Wait()
		require.Len(t, sender.closed, 1, "one has no request")
		require.NotEqual(t, streaming, sender.closed[0])
		require.NoError(t, body.Close())
		require.Equal(t, streaming, sender.closed[1])

		change(app, shopSettings())
		require.Equal(t, "c:80", sender.closed[2], "without discovery no instance is in use")
		require.Empty(t, client.Stats(app)[0].Instances)
		_, err = c.Get(t.Context(), "1")
		require.ErrorContains(t, err, "the instance is \"\"", "requests go to the base URL")
		change(app, shopSettings("discovery", "fleet"))
		_, err = c.Get(t.Context(), "1")
		require.NoError(t, err)
		require.Equal(t, []string{"c:80"}, f.asked())
	})
}

func TestAnEmptySetOfAnotherResolverIsDoubted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, empty := newFleet("a:80"), newFleet([]string{}...)
		app, c := startBoutique(t, shopSettings("discovery", "fleet"), append(f.options(), client.WithResolver("empty", empty))...)
		_, err := c.Get(t.Context(), "1")
		require.NoError(t, err)
		change(app, shopSettings("discovery", "empty"))
		time.Sleep(29 * time.Second) // virtual
		_, err = c.Get(t.Context(), "1")
		require.NoError(t, err)
		time.Sleep(2 * time.Second) // virtual
		_, err = c.Get(t.Context(), "1")
		require.ErrorIs(t, err, client.ErrNoInstances)
		empty.change("b:80")
		synctest.Wait()
		_, err = c.Get(t.Context(), "1")
		require.NoError(t, err)
	})
}

// TestNobodyTriesAgainWithoutInstances: neither retry nor hedge nor budget sees one,
// even if the user's condition asks for it.
func TestNobodyTriesAgainWithoutInstances(t *testing.T) {
	f := newFleet([]string{}...)
	synctest.Test(t, func(t *testing.T) {
		app, c := startBoutique(t, shopSettings("discovery", "fleet", "hedge", "1ms"), append(f.options(), client.WithRetryIf(func(*client.Error) bool { return true }))...)
		begun := time.Now()
		_, err := c.Get(t.Context(), "1")
		require.ErrorIs(t, err, client.ErrNoInstances)
		require.Zero(t, time.Since(begun))
		s := client.Stats(app)[0]
		require.Zero(t, s.Retries+s.Hedges+s.BudgetExhausted+s.Rejected)
		require.EqualValues(t, 1, s.Failures)
	})
}

// TestAProbeThatFindsNoInstanceCountsAsNothing: the circuit stays half-open, and the next call is
// another probe.
func TestAProbeThatFindsNoInstanceCountsAsNothing(t *testing.T) {
	f := newFleet("a:80")
	f.make("a:80", isSick)
	withFleet(t, f, func(t *testing.T, c *boutique) {
		for range 5 {
			_, _ = c.Get(t.Context(), "1")
		}
		require.Equal(t, resilience.StateOpen, c.CircuitBreaker().State())
		f.change()
		time.Sleep(31 * time.Second) // virtual
		_, err := c.Get(t.Context(), "1")
		require.ErrorIs(t, err, client.ErrNoInstances)
		require.NotEqual(t, resilience.StateClosed, c.CircuitBreaker().State())
		f.change("b:80")
		synctest.Wait()
		_, err = c.Get(t.Context(), "1")
		require.NoError(t, err)
		require.Equal(t, resilience.StateClosed, c.CircuitBreaker().State())
	}, "retry.enabled", false, "discovery.empty-grace", "1s")
}

func TestStopEndsTheWaitForInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet()
		app := newApp(shopSettings("discovery", "fleet", "timeout", "0s"), f.options()...)
		client.Register[boutique](app)
		require.NoError(t, app.Start(t.Context()))
		failed := make(chan error, 1)
		c := getBean[boutique](t, app)
		go func() { _, err := c.Get(t.Context(), "1"); failed <- err }()
		synctest.Wait()
		require.NoError(t, app.Stop(context.Background()))
		require.ErrorIs(t, <-failed, client.ErrStopped)
		require.Empty(t, f.attempts())
	})
}
