// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/discovery"
	"github.com/pyfly-go/pyfly/internal/nettest"
)

// instances starts servers, and returns them and their addresses.
func instances(t *testing.T, n int, h http.HandlerFunc) (servers []*httptest.Server, addresses string) {
	t.Helper()
	var all []string
	for range n {
		s := httptest.NewServer(h)
		t.Cleanup(s.Close)
		servers, all = append(servers, s), append(all, s.Listener.Addr().String())
	}
	return servers, strings.Join(all, ", ")
}

// TestAKilledServerCostsNoCall: calls side by side go on while one of three servers
// is killed, and connections to it break.
func TestAKilledServerCostsNoCall(t *testing.T) {
	servers, addresses := instances(t, 3, func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, 200, Product{Name: "rake"}) })
	c := wireBy[boutique](t, shopSettings("base-url", "http://shop.invalid", "discovery", "static", "instances", addresses,
		"retry.base-delay", "10ms", "retry.budget.min-per-second", 1000))
	var failed atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 200 {
				if i == 0 && n == 20 {
					servers[0].CloseClientConnections()
					_ = servers[0].Listener.Close()
				}
				if _, err := c.Get(t.Context(), "1"); err != nil {
					failed.Add(1)
					t.Log(err)
				}
			}
		})
	}
	wg.Wait()
	assert.Zero(t, failed.Load())
}

func TestEveryInstanceIsVerifiedByTheServicesName(t *testing.T) {
	authority := nettest.NewAuthority(t)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { writeJSON(w, 200, Product{Name: r.Host}) })
	ours, impostor := authority.TLSServer(t, "shop.invalid", h), authority.TLSServer(t, "files.invalid", h)
	ca := filepath.Join(t.TempDir(), "ca.pem")
	require.NoError(t, os.WriteFile(ca, authority.PEM, 0o600))
	for name, c := range map[string]struct {
		instance *httptest.Server
		isOurs   bool
	}{"ours": {ours, true}, "an impostor": {impostor, false}} {
		t.Run(name, func(t *testing.T) {
			shop := wireBy[boutique](t, shopSettings("base-url", "https://shop.invalid", "discovery", "static", "instances", c.instance.Listener.Addr().String(),
				"tls.ca-file", ca, "allowed-hosts", []string{"files.invalid"}, "retry.enabled", false))
			got, err := shop.Get(t.Context(), "1")
			if c.isOurs {
				require.NoError(t, err)
				require.Equal(t, "shop.invalid", got.Name)
				return
			}
			require.ErrorAs(t, err, new(*tls.CertificateVerificationError), "the certificate of an allowed host")
		})
	}
}

func TestLinksToTheServiceGoToAnInstance(t *testing.T) {
	var elsewhere atomic.Int32
	f := newFleet("a:80")
	send := portFunc(func(r *http.Request) (*http.Response, error) {
		if _, ok := port.InstanceOf(r.Context()); !ok && r.URL.Host == "files.invalid" {
			elsewhere.Add(1)
			return answer(200, "{}"), nil
		}
		return f.Request(r)
	})
	c := wireBy[boutique](t, shopSettings("discovery", "fleet", "allowed-hosts", []string{"files.invalid"}), through(send), client.WithResolver("fleet", f))
	for _, link := range []client.URL{"http://shop.invalid/x", "/x"} {
		_, err := c.Follow(t.Context(), link)
		require.NoError(t, err)
	}
	require.Equal(t, map[string]int{"a:80": 2}, f.attempts())
	_, err := c.Follow(t.Context(), "http://files.invalid/x")
	require.NoError(t, err)
	require.EqualValues(t, 1, elsewhere.Load())
	_, err = c.Follow(t.Context(), "http://a:80/x")
	require.ErrorIs(t, err, client.ErrInvalidRequest, "an instance's address is another host")
}

// TestInterceptorsSeeTheService: not the instance, so that what they sign or compare
// is the same for all. What they send with a context of their own goes to an instance
// as well.
func TestInterceptorsSeeTheService(t *testing.T) {
	f := newFleet("a:80", "b:80")
	var seen []string
	var mu sync.Mutex
	intercept := client.Interceptor(func(next client.Exchange) client.Exchange {
		return func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			seen = append(seen, r.URL.String())
			mu.Unlock()
			stray := r.Clone(context.Background())
			response, err := next(stray)
			if err != nil {
				return nil, err
			}
			_ = response.Body.Close()
			return next(r)
		}
	})
	app := newApp(shopSettings("discovery", "fleet", "base-url", "http://shop.invalid/api"), f.options()...)
	app.Register(func() client.Interceptor { return intercept })
	client.Register[boutique](app)
	require.NoError(t, app.Start(t.Context()))
	defer func() { require.NoError(t, app.Stop(context.Background())) }()
	for range 5 {
		_, err := getBean[boutique](t, app).Get(t.Context(), "1")
		require.NoError(t, err)
	}
	for _, url := range seen {
		require.Equal(t, "/products/1", url)
	}
	for _, i := range client.Stats(app)[0].Instances {
		require.Zero(t, i.InFlight, i.Address)
	}
}

func TestOldResponsesAreThoseOfTheService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet("a:80", "b:80")
		c := wireBy[boutique](t, shopSettings("discovery", "fleet", "stale-if-error", "1h", "retry.enabled", false), f.options()...)
		_, err := c.Get(t.Context(), "1")
		require.NoError(t, err)
		f.make("a:80", isSick)
		f.make("b:80", isSick)
		for range 10 {
			got, err := c.Get(t.Context(), "1")
			require.NoError(t, err)
			require.Equal(t, "rake", got.Name)
		}
		f.change()
		time.Sleep(time.Minute) // virtual
		_, err = c.Get(t.Context(), "1")
		require.NoError(t, err, "without instances as well")
	})
}

// refreshed is a resolver that can be asked to look again.
type refreshed struct {
	*fleet
	times atomic.Int32
}

// Refresh implements discovery.Refresher.
func (r *refreshed) Refresh(string) { r.times.Add(1) }

var _ discovery.Refresher = (*refreshed)(nil)

func TestAResolverIsAskedAgainWhenNoConnectionCanBeMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &refreshed{fleet: newFleet("a:80", "b:80")}
		c := wireBy[boutique](t, shopSettings("discovery", "fleet"), f.options()[0], client.WithResolver("fleet", f))
		_, err := c.Get(t.Context(), "1")
		require.NoError(t, err)
		synctest.Wait()
		require.Zero(t, f.times.Load())
		f.make("a:80", isDead)
		f.make("b:80", isDead)
		_, err = c.Get(t.Context(), "1")
		require.Error(t, err)
		synctest.Wait()
		require.NotZero(t, f.times.Load())
	})
}

func TestAStreamFromAServerThatLeftIsReadToItsEnd(t *testing.T) {
	release := make(chan struct{})
	servers, _ := instances(t, 2, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "one ")
		_ = http.NewResponseController(w).Flush()
		<-release
		_, _ = io.WriteString(w, "two")
	})
	f := newFleet(servers[0].Listener.Addr().String())
	c := wireBy[boutique](t, shopSettings("discovery", "fleet"), client.WithResolver("fleet", f))
	body, err := c.Stream(t.Context())
	require.NoError(t, err)
	f.change(servers[1].Listener.Addr().String())
	close(release)
	got, err := io.ReadAll(body)
	require.NoError(t, err)
	require.Equal(t, "one two", string(got))
	require.NoError(t, body.Close())
}

// TestAnInterceptorsResponseSaysNothingOfAnInstance: it has not been asked.
func TestAnInterceptorsResponseSaysNothingOfAnInstance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFleet("a:80")
		app := newApp(shopSettings("discovery", "fleet", "retry.enabled", false), f.options()...)
		var isOwn, status atomic.Int32
		app.Register(func() client.Interceptor {
			return func(next client.Exchange) client.Exchange {
				return func(r *http.Request) (*http.Response, error) {
					if isOwn.Load() == 1 {
						return answer(int(status.Load()), "{}"), nil
					}
					return next(r)
				}
			}
		})
		client.Register[boutique](app)
		require.NoError(t, app.Start(t.Context()))
		defer func() { require.NoError(t, app.Stop(context.Background())) }()
		c := getBean[boutique](t, app)
		get := func(own, of int32) {
			isOwn.Store(own)
			status.Store(of)
			_, _ = c.Get(t.Context(), "1")
		}
		f.make("a:80", isSick)
		get(0, 0)
		get(1, 200) // is no success of the instance
		for range 4 {
			get(0, 0)
		}
		s := client.Stats(app)[0].Instances[0]
		require.Equal(t, "failing 500", s.State+" "+s.Reason)
	})
}
