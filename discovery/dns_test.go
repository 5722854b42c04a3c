// SPDX-License-Identifier: Apache-2.0

package discovery_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/discovery"
	"github.com/pyfly-go/pyfly/kernel"
)

var (
	_ discovery.IPLookup  = (*net.Resolver)(nil)
	_ discovery.SRVLookup = (*net.Resolver)(nil)

	errNotFound = &net.DNSError{Err: "no such host", IsNotFound: true}
	errTimeout  = &net.DNSError{Err: "i/o timeout", IsTimeout: true}
	errServer   = &net.DNSError{Err: "server misbehaving", IsTemporary: true}
)

// zone is a name server. What answers a question may be changed at any time.
type zone struct {
	mu    sync.Mutex
	ips   []string
	srv   []*net.SRV
	err   error
	hangs bool
	asked []string
	at    []time.Duration // since begun
	begun time.Time
}

func newZone(ips ...string) *zone { return &zone{ips: ips, begun: time.Now()} }

func (z *zone) set(err error, ips ...string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.ips, z.err = ips, err
}

func (z *zone) question(ctx context.Context, question string) error {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.asked, z.at = append(z.asked, question), append(z.at, time.Since(z.begun))
	if z.hangs {
		<-ctx.Done()
		return errTimeout
	}
	return z.err
}

func (z *zone) times() []time.Duration {
	z.mu.Lock()
	defer z.mu.Unlock()
	return z.at
}

func (z *zone) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	if err := z.question(ctx, network+" "+host); err != nil {
		return nil, err
	}
	z.mu.Lock()
	defer z.mu.Unlock()
	var ips []netip.Addr
	for _, ip := range z.ips {
		ips = append(ips, netip.MustParseAddr(ip))
	}
	return ips, nil
}

func (z *zone) LookupSRV(ctx context.Context, service, proto, name string) (string, []*net.SRV, error) {
	err := z.question(ctx, service+" "+proto+" "+name)
	return name, z.srv, err
}

func TestDNSTellsOfEveryChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone("10.0.0.2", "10.0.0.1", "::1", "::ffff:10.0.0.1")
		w := watch(t, discovery.DNS(discovery.DNSConfig{Lookup: z}), "shop:8080")
		first := []string{"10.0.0.1:8080", "10.0.0.2:8080", "[::1]:8080"}
		assert.Equal(t, [][]string{first}, w.addresses())
		assert.Equal(t, []string{"ip shop"}, z.asked)

		z.set(nil, "10.0.0.1", "::1", "10.0.0.2")
		time.Sleep(40 * time.Second)
		assert.Len(t, z.times(), 2, "it asks again")
		assert.Len(t, w.addresses(), 1, "another order is no change")

		z.set(nil, "10.0.0.3")
		time.Sleep(40 * time.Second)
		assert.Equal(t, [][]string{first, {"10.0.0.3:8080"}}, w.addresses())

		z.set(errNotFound)
		time.Sleep(40 * time.Second)
		assert.Equal(t, [][]string{first, {"10.0.0.3:8080"}, {}}, w.addresses(), "a host that does not exist has no instances")
		require.ErrorIs(t, w.stop(), context.Canceled)
	})
}

func TestDNSAsksAtIntervals(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone("10.0.0.1")
		w := watch(t, discovery.DNS(discovery.DNSConfig{Lookup: z, Interval: 10 * time.Second}), "shop:80")
		time.Sleep(20 * time.Minute)
		_ = w.stop()
		at := z.times()
		assert.InDelta(t, 120, len(at), 8)
		different := map[time.Duration]bool{}
		for i := 1; i < len(at); i++ {
			between := at[i] - at[i-1]
			different[between] = true
			assert.InDelta(t, 10*time.Second, between, float64(time.Second))
		}
		assert.Greater(t, len(different), 50, "the intervals have jitter")
	})
}

func TestDNSAsksOnDemandButNotTooOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone("10.0.0.1")
		resolver := discovery.DNS(discovery.DNSConfig{Lookup: z})
		refresher, ok := resolver.(discovery.Refresher)
		require.True(t, ok)
		refresher.Refresh("shop:80") // nobody watches it
		w, other := watch(t, resolver, "shop:80"), watch(t, resolver, "other:80")
		time.Sleep(10 * time.Second)
		z.set(nil, "10.0.0.2")
		refresher.Refresh("shop:80")
		synctest.Wait()
		assert.Len(t, z.times(), 3, "asked at once, of one service only")
		assert.Equal(t, []string{"10.0.0.2:80"}, w.addresses()[1])
		for range 50 {
			refresher.Refresh("shop:80")
			time.Sleep(100 * time.Millisecond)
		}
		assert.LessOrEqual(t, len(z.times()), 3+5)
		_, _ = w.stop(), other.stop()
		refresher.Refresh("shop:80")
	})
}

func TestDNSAsksSoonForAServiceWithoutInstances(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone()
		w := watch(t, discovery.DNS(discovery.DNSConfig{Lookup: z}), "shop:80")
		assert.Equal(t, [][]string{{}}, w.addresses(), "a first answer that is empty is an answer")
		z.set(nil, "10.0.0.1")
		time.Sleep(6 * time.Second)
		assert.Equal(t, [][]string{{}, {"10.0.0.1:80"}}, w.addresses())
		_ = w.stop()
	})
}

func TestDNSEndsWithALookupThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone("10.0.0.1")
		w := watch(t, discovery.DNS(discovery.DNSConfig{Lookup: z}), "shop:80")
		z.set(errServer)
		time.Sleep(40 * time.Second)
		require.ErrorIs(t, <-w.ended, errServer)
		assert.Len(t, w.addresses(), 1)
	})
}

func TestDNSDoesNotWaitForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone()
		z.hangs = true
		resolver := discovery.DNS(discovery.DNSConfig{Lookup: z})
		w := watch(t, resolver, "shop:80")
		begun := time.Now()
		require.ErrorIs(t, <-w.ended, errTimeout)
		assert.Equal(t, 10*time.Second, time.Since(begun))
		require.ErrorIs(t, watch(t, resolver, "shop:80").stop(), context.Canceled)
	})
}

func TestPortsOfDNS(t *testing.T) {
	for name, c := range map[string]struct {
		config              discovery.DNSConfig
		service, asked, has string
	}{
		"of the service":       {discovery.DNSConfig{}, "shop:81", "ip shop", "10.0.0.1:81"},
		"of the config":        {discovery.DNSConfig{Port: 82}, "shop", "ip shop", "10.0.0.1:82"},
		"the service's first":  {discovery.DNSConfig{Port: 82}, "shop:81", "ip shop", "10.0.0.1:81"},
		"IPv6":                 {discovery.DNSConfig{Port: 82, Network: "ip6"}, "[::1]", "ip6 ::1", "10.0.0.1:82"},
		"IPv6 without bracket": {discovery.DNSConfig{Port: 82, Network: "ip4"}, "::1", "ip4 ::1", "10.0.0.1:82"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				z := newZone("10.0.0.1")
				c.config.Lookup = z
				w := watch(t, discovery.DNS(c.config), c.service)
				assert.Equal(t, [][]string{{c.has}}, w.addresses())
				assert.Equal(t, []string{c.asked}, z.asked)
				_ = w.stop()
			})
		})
	}
}

func TestWrongConfigurationsOfDNS(t *testing.T) {
	for name, c := range map[string]struct {
		resolver discovery.Resolver
		service  string
	}{
		"no port":           {discovery.DNS(discovery.DNSConfig{}), "shop"},
		"empty port":        {discovery.DNS(discovery.DNSConfig{}), "shop:"},
		"no host":           {discovery.DNS(discovery.DNSConfig{Port: 80}), ""},
		"URL":               {discovery.DNS(discovery.DNSConfig{Port: 80}), "http://shop"},
		"negative port":     {discovery.DNS(discovery.DNSConfig{Port: -1}), "shop:80"},
		"port too large":    {discovery.DNS(discovery.DNSConfig{Port: 65536}), "shop:80"},
		"negative interval": {discovery.DNS(discovery.DNSConfig{Interval: -time.Second}), "shop:80"},
		"short interval":    {discovery.SRV(discovery.SRVConfig{Interval: time.Millisecond}), "shop"},
		"network":           {discovery.DNS(discovery.DNSConfig{Network: "tcp"}), "shop:80"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.resolver.Watch(t.Context(), c.service, func([]discovery.Instance) { t.Error("it answered") })
			assert.ErrorIs(t, err, kernel.ErrConfig)
		})
	}
}

func TestDNSWithTheSystemsResolver(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var found []string
	err := discovery.DNS(discovery.DNSConfig{Port: 80}).Watch(ctx, "127.0.0.1", func(instances []discovery.Instance) {
		found = addressesOf(instances)
		cancel()
	})
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []string{"127.0.0.1:80"}, found)
}

func TestSRV(t *testing.T) {
	for name, c := range map[string]struct {
		records []*net.SRV
		err     error
		want    []discovery.Instance
	}{
		"weights": {
			records: []*net.SRV{{Target: "b.shop.", Port: 81, Weight: 3}, {Target: "a.shop.", Port: 80}},
			want:    []discovery.Instance{{Address: "a.shop:80", Weight: 1}, {Address: "b.shop:81", Weight: 3}},
		},
		"the best priority only": {
			records: []*net.SRV{{Target: "c.", Port: 80, Priority: 2}, {Target: "b.", Port: 80, Priority: 1}, {Target: "a.", Port: 80, Priority: 1}, {Target: "d.", Port: 80, Priority: 3}},
			want:    []discovery.Instance{{Address: "a:80", Weight: 1}, {Address: "b:80", Weight: 1}},
		},
		"twice the same": {
			records: []*net.SRV{{Target: "a.", Port: 80, Weight: 1}, {Target: "a.", Port: 80, Weight: 5}},
			want:    []discovery.Instance{{Address: "a:80", Weight: 5}},
		},
		"not offered":            {records: []*net.SRV{{Target: ".", Port: 0}}, want: []discovery.Instance{}},
		"rubbish":                {records: []*net.SRV{nil, {Target: "a.", Port: 80}}, want: []discovery.Instance{{Address: "a:80", Weight: 1}}},
		"no records":             {err: errNotFound, want: []discovery.Instance{}},
		"some names not allowed": {records: []*net.SRV{{Target: "a.", Port: 80}}, err: errServer, want: []discovery.Instance{{Address: "a:80", Weight: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				z := newZone()
				z.srv, z.err = c.records, c.err
				w := watch(t, discovery.SRV(discovery.SRVConfig{Lookup: z}), "shop")
				require.Len(t, w.updates, 1)
				assert.Equal(t, c.want, w.updates[0])
				_ = w.stop()
			})
		})
	}
}

func TestSRVFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := newZone()
		z.set(errServer)
		w := watch(t, discovery.SRV(discovery.SRVConfig{Lookup: z}), "shop")
		require.True(t, errors.Is(<-w.ended, errServer))
	})
}

func TestNamesOfSRV(t *testing.T) {
	for _, c := range []struct{ of, service, asked string }{
		{"", "shop", "http tcp shop"},
		{"https", "shop", "https tcp shop"},
		{"metrics", "shop.default.svc", "metrics tcp shop.default.svc"},
		{"https", "_grpc._tcp.shop", "  _grpc._tcp.shop"},
	} {
		synctest.Test(t, func(t *testing.T) {
			z := newZone()
			w := watch(t, discovery.SRV(discovery.SRVConfig{Service: c.of, Lookup: z}), c.service)
			assert.Equal(t, []string{c.asked}, z.asked)
			_ = w.stop()
		})
	}
}
