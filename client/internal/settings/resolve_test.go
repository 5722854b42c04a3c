// SPDX-License-Identifier: Apache-2.0

package settings_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/resilience"
)

// Each level sets the timeout, over the ones before it.
func TestTheLaterLevelWins(t *testing.T) {
	lines := []string{
		"x: 1",
		"pyfly.client.default.timeout: 3s",
		"pyfly.client.configs.far.timeout: 5s",
		"pyfly.client.configs.near: {timeout: 6s, base: far}",
		own + "timeout: 7s",
		own + "methods.get-item.timeout: 9s",
	}
	for _, c := range []struct {
		name         string
		lines        int
		base         string
		change       func(d *settings.Declaration)
		want, method string // method: "" for the same
	}{
		{name: "built-in", want: "30s from default"},
		{name: "defaults", change: func(d *settings.Declaration) { d.Defaults = defaults("timeout", 2*time.Second) }, want: "2s from client.Defaults"},
		{name: "global", lines: 2, change: func(d *settings.Declaration) { d.Defaults = defaults("timeout", 2*time.Second) }, want: "3s from pyfly.yaml:2"},
		{name: "tag", lines: 2, change: func(d *settings.Declaration) { d.Tag.Values["timeout"] = "4s" }, want: "4s from tag of Shop.ServiceClient"},
		{name: "far config", lines: 3, base: "far", change: func(d *settings.Declaration) { d.Tag.Values["timeout"] = "4s" }, want: "5s from pyfly.yaml:3"},
		{name: "near config", lines: 4, base: "near", want: "6s from pyfly.yaml:4"},
		{name: "own", lines: 5, base: "near", want: "7s from pyfly.yaml:5"},
		{name: "method's tag", lines: 5, change: func(d *settings.Declaration) {
			d.Methods[0].Tag = given("tag of Shop.GetItem", "timeout", 8*time.Second)
		},
			want: "7s from pyfly.yaml:5", method: "8s from tag of Shop.GetItem"},
		{name: "method's own", lines: 6, change: func(d *settings.Declaration) {
			d.Methods[0].Tag = given("tag of Shop.GetItem", "timeout", 8*time.Second)
		},
			want: "7s from pyfly.yaml:5", method: "9s from pyfly.yaml:6"},
		{name: "method's defaults over its client's", change: func(d *settings.Declaration) {
			d.Defaults, d.Methods[0].Defaults = defaults("timeout", 2*time.Second), defaults("timeout", time.Second)
		}, want: "2s from client.Defaults", method: "1s from client.Defaults"},
		{name: "global over a method's defaults", lines: 2, change: func(d *settings.Declaration) { d.Methods[0].Defaults = defaults("timeout", time.Second) },
			want: "3s from pyfly.yaml:2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			written := append([]string{}, lines[:max(c.lines, 1)]...)
			if c.base != "" {
				written = append(written, own+"base: "+c.base)
			}
			d := shop()
			if c.change != nil {
				c.change(d)
			}
			client := resolve(t, load(t, written...), d)
			all := effective(client)
			assert.Equal(t, c.want, all["timeout"])
			assert.Equal(t, c.method, all["methods.get-item.timeout"])
			want := all["timeout"]
			if c.method != "" {
				want = c.method
			}
			assert.Equal(t, want[:2], client.Methods["GetItem"].Timeout.String()[:2])
			assert.Equal(t, client.Timeout, client.Methods["Find"].Timeout)
		})
	}
}

func TestPoliciesAreSwitched(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		tag   settings.Given
		given settings.Given
		want  string // the policies that are on
	}{
		"by the kind of client":      {want: "retry circuit-breaker"},
		"by the tag":                 {tag: tag("retry.enabled", false, "bulkhead", 5, "hedge", time.Second), want: "circuit-breaker bulkhead hedge"},
		"by code":                    {given: defaults("retry.enabled", false, "adaptive-limit.max-limit", 50), want: "circuit-breaker adaptive-limit"},
		"by the tag over code":       {given: defaults("retry.enabled", false), tag: tag("retry.max-attempts", 5), want: "retry circuit-breaker"},
		"not by global keys":         {lines: []string{"pyfly.client.hedge.delay: 1s"}, want: "retry circuit-breaker"},
		"by a global switch":         {lines: []string{"pyfly.client.hedge: 1s"}, want: "retry circuit-breaker hedge"},
		"by own keys":                {lines: []string{own + "hedge.delay: 1s", own + "retry: false"}, want: "circuit-breaker hedge"},
		"by an own switch":           {lines: []string{own + "hedge: {delay: 1s, enabled: false}"}, want: "retry circuit-breaker"},
		"by a base, off for itself":  {lines: []string{"pyfly.client.configs.b.bulkhead: 3", own[:len(own)-1] + ": {base: b, bulkhead: false}"}, want: "retry circuit-breaker"},
		"on for code, off by global": {given: defaults("hedge.delay", "1s"), lines: []string{"pyfly.client.hedge: false"}, want: "retry circuit-breaker"},
	} {
		t.Run(name, func(t *testing.T) {
			d := shop()
			d.Defaults = c.given
			for name, value := range c.tag.Values {
				d.Tag.Values[name] = value
			}
			s := resolve(t, load(t, c.lines...), d)
			var on string
			for _, p := range []struct {
				name string
				isOn bool
			}{
				{"retry", s.RetryEnabled}, {"circuit-breaker", s.BreakerEnabled}, {"bulkhead", s.BulkheadEnabled},
				{"rate-limit", s.RateLimitEnabled}, {"adaptive-limit", s.AdaptiveEnabled}, {"hedge", s.HedgeEnabled},
			} {
				if p.isOn {
					on += " " + p.name
				}
			}
			assert.Equal(t, " "+c.want, on)
		})
	}
}

func TestAMethodHasPoliciesOfItsOwn(t *testing.T) {
	d := shop()
	d.Methods[1].Defaults = defaults("rate-limit", 5, "circuit-breaker.failure-threshold", 2)
	c := resolve(t, load(t, own+"bulkhead: 7", own+"methods.get-item: {bulkhead: 3, retry: false, circuit-breaker: {recovery-timeout: 1s}}"), d)
	item, find := c.Methods["GetItem"], c.Methods["Find"]
	assert.True(t, item.OwnBulkhead)
	assert.Equal(t, 3, item.Bulkhead.MaxConcurrent)
	assert.False(t, item.RetryEnabled)
	assert.Equal(t, settings.ScopeMethod, item.BreakerScope)
	assert.False(t, item.OwnRateLimit)
	assert.False(t, find.OwnBulkhead)
	assert.Equal(t, 7, find.Bulkhead.MaxConcurrent)
	assert.True(t, find.OwnRateLimit)
	assert.Equal(t, settings.ScopeMethod, find.BreakerScope)
	assert.Equal(t, 2, find.Breaker.FailureThreshold)
	assert.Equal(t, settings.ScopeClient, c.BreakerScope)
	assert.False(t, c.RateLimitEnabled)
}

// What all levels say of a method wins over its defaults, which then make no policy
// its own.
func TestOverriddenDefaultsOfAMethod(t *testing.T) {
	d := shop()
	d.Methods[0].Defaults = defaults("bulkhead", 5)
	c := resolve(t, load(t, own+"bulkhead: 7"), d)
	assert.Equal(t, 7, c.Methods["GetItem"].Bulkhead.MaxConcurrent)
	assert.False(t, c.Methods["GetItem"].OwnBulkhead)
	assert.NotContains(t, effective(c), "methods.get-item.bulkhead.max-concurrent")
}

func TestStaleIfError(t *testing.T) {
	for written, want := range map[string]settings.Policies{
		"x: 1":                                {StaleMaxSize: 64 * config.MiB},
		own + "stale-if-error: 1h":            {StaleIfError: time.Hour, StaleMaxSize: 64 * config.MiB},
		own + "stale-if-error: {max-age: 1h}": {StaleIfError: time.Hour, StaleMaxSize: 64 * config.MiB},
		own + "stale-if-error: {max-age: 1h, max-size: 1MiB}":           {StaleIfError: time.Hour, StaleMaxSize: config.MiB},
		"pyfly.client.default.stale-if-error: {max-size: 0}":            {},
		own + "methods.get-item.stale-if-error: 90":                     {StaleIfError: 90 * time.Second, StaleMaxSize: 64 * config.MiB},
		own + "methods.get-item.stale-if-error: {max-size: 2KiB}":       {StaleMaxSize: 2 * config.KiB},
		"pyfly.client.configs.b.stale-if-error: 5m\n" + own + "base: b": {StaleIfError: 5 * time.Minute, StaleMaxSize: 64 * config.MiB},
	} {
		t.Run(written, func(t *testing.T) {
			cfg := load(t, written)
			got := resolve(t, cfg, shop()).Methods["GetItem"]
			assert.Equal(t, want.StaleIfError, got.StaleIfError)
			assert.Equal(t, want.StaleMaxSize, got.StaleMaxSize)
			if written != "x: 1" {
				assert.Empty(t, cfg.UnknownKeys("pyfly"))
			}
		})
	}
}

func TestAZeroIsZero(t *testing.T) {
	c := resolve(t, load(t,
		"pyfly.client.default: {timeout: 9s, connect-timeout: 9s, max-response-size: 1KiB}",
		"pyfly.client.circuit-breaker: {sliding-window: count, window-size: 50}",
		own[:len(own)-1]+": {timeout: 0, connect-timeout: 0s, max-response-size: 0, retry: {base-delay: 0, max-retry-after: 0, budget: {ratio: 0}}, circuit-breaker: {sliding-window: none}}",
	), shop())
	assert.Zero(t, c.Timeout)
	assert.Zero(t, c.ConnectTimeout)
	assert.Zero(t, c.MaxResponseSize)
	assert.Equal(t, resilience.NoDelay, c.Retry.BaseDelay)
	assert.Equal(t, resilience.NoDelay, c.Retry.MaxRetryAfter)
	assert.Zero(t, c.Breaker.SlidingWindow)
	assert.Equal(t, 50, c.Breaker.WindowSize)
	assert.Zero(t, c.Budget.WithDefaults().Ratio)
	port, err := c.PortConfig("shop")
	assert.NoError(t, err)
	assert.Equal(t, time.Duration(-1), port.Timeout)
	assert.Equal(t, time.Duration(-1), port.ConnectTimeout)
	assert.Equal(t, int64(-1), port.MaxResponseSize)
}

func TestHeadersOfAllLevels(t *testing.T) {
	d := shop()
	d.Defaults = defaults("headers", map[string]any{"X-A": "code", "X-B": "code"})
	d.Tag.Values["headers"] = map[string]any{"X-C": "tag ${region:eu}"}
	c := resolve(t, load(t, "pyfly.client.default.headers: {x-b: global, X-C: global, X.D: global}", own+"headers.x-e: own"), d)
	assert.Equal(t, map[string]string{"X-A": "code", "X-B": "global", "X-C": "tag eu", "X.d": "global", "X-E": "own"}, c.Headers)
	all := effective(c)
	assert.Equal(t, "global from pyfly.yaml:1", all["headers.X-B"])
	assert.Equal(t, "tag eu from tag of Shop.ServiceClient", all["headers.X-C"])
	assert.Equal(t, "own from pyfly.yaml:2", all["headers.X-E"])
}

// Nothing that is not read passes for a setting.
func TestUnknownKeys(t *testing.T) {
	lines := []string{
		"pyfly.client.circuit-breaker.name: x", "pyfly.client.bulkhead.name: x", "pyfly.client.retry.enabled: true", own + "rate-limit: {name: x, per-second: 1}",
		own + "methods.get-item.retry.budget.ratio: 1", own + "methods.get-item.circuit-breaker.scope: host", own + "methods.get-item.connect-timeout: 1s",
		own + "tiemout: 1s", "pyfly.client.configs.b.methods.get-item.timeout: 1s", own + "base: b", "pyfly.client.default.auth.bearer.token: x",
	}
	cfg := load(t, lines...)
	resolve(t, cfg, shop())
	var unknown []string
	for _, key := range cfg.UnknownKeys("pyfly") {
		unknown = append(unknown, key.Key)
	}
	assert.ElementsMatch(t, []string{
		"pyfly.client.circuit-breaker.name", "pyfly.client.bulkhead.name", "pyfly.client.retry.enabled", own + "rate-limit.name",
		own + "methods.get-item.retry.budget.ratio", own + "methods.get-item.circuit-breaker.scope", own + "methods.get-item.connect-timeout",
		own + "tiemout", "pyfly.client.configs.b.methods.get-item.timeout", "pyfly.client.default.auth.bearer.token",
	}, unknown)
}

func TestSecretsAreHidden(t *testing.T) {
	d := shop()
	d.Defaults = defaults(
		"base-url", "http://me:sesame@shop/${shop.token}", "headers", map[string]any{"X-A": "a ${shop.token}", "X-Key": "sesame"},
		"auth.basic", map[string]any{"username": "sesame", "password": "sesame"}, "secret-names", []string{"x-key"}, "allowed-hosts", []string{"${shop.token}.example", "b.example"}, "proxy", "http://me:sesame@proxy")
	d.Tag = settings.Given{}
	c := resolve(t, load(t, "shop.token: sesame"), d)
	all := effective(c)
	for _, value := range all {
		assert.NotContains(t, value, "sesame")
	}
	assert.Equal(t, "a ****** from client.Defaults", all["headers.X-A"])
	assert.Equal(t, "http://******@shop/****** from client.Defaults", all["base-url"])
	assert.Equal(t, "******.example, b.example from client.Defaults", all["allowed-hosts"])
	assert.Equal(t, []string{"sesame.example", "b.example"}, c.Connection.AllowedHosts)
	assert.Equal(t, "http://me:sesame@shop/sesame", c.BaseURL)
	assert.Equal(t, "a sesame", c.Headers["X-A"])
}

// Text that placeholders leave is not read for placeholders once more.
func TestPlaceholdersAreFilledOnce(t *testing.T) {
	d := shop()
	d.Tag.Values["headers"] = map[string]any{"X-A": "${a}", "X-B": "$${b}"}
	assert.Equal(t, map[string]string{"X-A": "${nowhere}", "X-B": "${b}"}, resolve(t, load(t, "a: $${nowhere}"), d).Headers)
}
