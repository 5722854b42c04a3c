// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// version is one set of settings of a world: the first is in force from the
// start, a reload brings the next.
type version struct {
	values map[string]any

	timeout     time.Duration // of an attempt
	total       time.Duration // 0: none
	attempts    int
	wait        time.Duration // the longest that bulkhead and limits let a call wait; negative: unlimited
	retryDelay  time.Duration // the longest between two attempts
	hedged      bool
	concurrent  int     // of the client's bulkhead; 0: none
	perSecond   float64 // of the client's rate limit; 0: none
	burst       int
	hasBreaker  bool
	recovery    time.Duration
	idleTimeout time.Duration // of streams
	stale       bool
	limited     bool // in the response's size
	scope       string
}

const (
	services      = "pyfly.client.services."
	actuatorToken = planted + "-actuator-0123456789"
)

// settingsOf draws the nth version of the settings. Features that are settings are
// there in the first; in later ones each may be gone or have another value.
func (w *World) settingsOf(n int) *version {
	v := &version{values: map[string]any{
		"shop.url":                              w.url(ownHost),
		"pyfly.context.shutdown-timeout":        stopLimit.String(),
		services + "shop.allowed-hosts":         []any{allowedHost},
		services + "shop.retry.jitter":          "none",
		services + "plain.allowed-hosts":        []any{allowedHost},
		services + "shop.retry.base-delay":      "20ms",
		services + "shop.connect-timeout":       "700ms",
		services + "shop.tls.ca-file":           authority().file,
		services + "plain.tls.ca-file":          authority().file,
		services + "plain.timeout":              "2s",
		services + "shop.retry.max-retry-after": "3s",
	}, timeout: 2 * time.Second, attempts: 3, retryDelay: 3 * time.Second, hasBreaker: true, recovery: 400 * time.Millisecond, idleTimeout: 30 * time.Second, scope: "client"}
	if w.has("actuator") {
		v.values["pyfly.actuator.port"], v.values["pyfly.actuator.token"] = -1, actuatorToken
		v.values["pyfly.actuator.allowed-hosts"] = []any{"actuator"}
	}
	if w.has("net.h2c") {
		v.values[services+"shop.http2"] = "prior-knowledge"
	}
	if !w.secure() && !w.has("server.redirect-https") {
		delete(v.values, services+"shop.tls.ca-file")
		delete(v.values, services+"plain.tls.ca-file")
	}
	if n > 0 && w.draw("url", n).oneIn(4) {
		v.values["shop.url"] = w.url(ownHost) + "/hop/0"
	}
	s := &setting{w, v, n}
	s.retry()
	s.limits()
	s.policies()
	s.breaker()
	s.connection()
	v.values[services+"shop.timeout"] = v.timeout.String()
	return v
}

// setting fills a version.
type setting struct {
	*World
	*version
	n int
}

// on returns the draws of a feature in this version, and whether it is there.
func (s *setting) on(f Feature) (draws, bool) {
	d := s.draw("setting", f, s.n)
	return d, s.has(f) && (s.n == 0 || !d.oneIn(3))
}

func (s *setting) set(key string, value any) { s.values[services+"shop."+key] = value }

func (s *setting) retry() {
	if d, ok := s.on("retry.jitter"); ok {
		s.set("retry.jitter", pick(d, "full", "equal", "decorrelated"))
	}
	if _, ok := s.on("retry.budget"); ok {
		s.set("retry.budget.ratio", 0.1)
		s.set("retry.budget.min-per-second", 1)
	}
	if _, ok := s.on("retry.attempt-header"); ok {
		s.set("retry.attempt-header", true)
	}
	if _, ok := s.on("retry.statuses"); ok {
		s.set("retry.on-statuses", []any{409, 404})
	}
	d := s.draw("setting", "attempts", s.n)
	s.attempts = 2 + d.IntN(3)
	s.set("retry.max-attempts", s.attempts)
}

func (s *setting) limits() {
	if d, ok := s.on("timeout.short"); ok {
		s.timeout = d.between(60*time.Millisecond, 400*time.Millisecond)
	}
	if d, ok := s.on("total-timeout"); ok {
		s.total = max(s.timeout+time.Second, d.between(time.Second, 3*time.Second))
		s.set("total-timeout", s.total.String())
	}
	if d, ok := s.on("timeout.method"); ok {
		s.set("methods.get.timeout", min(s.timeout, d.between(40*time.Millisecond, 200*time.Millisecond)).String())
	}
	if d, ok := s.on("stream-idle-timeout"); ok {
		s.idleTimeout = d.between(50*time.Millisecond, 300*time.Millisecond)
		s.set("stream-idle-timeout", s.idleTimeout.String())
	}
	if _, ok := s.on("max-response-size"); ok {
		s.set("max-response-size", maxResponseSize)
		s.limited = true
	}
}

func (s *setting) policies() {
	if d, ok := s.on("hedge"); ok {
		s.hedged = true
		s.set("hedge.delay", d.between(10*time.Millisecond, 40*time.Millisecond).String())
		s.set("hedge.max-hedges", 1+d.IntN(2))
	}
	if d, ok := s.on("bulkhead"); ok {
		s.concurrent = 1 + d.IntN(3)
		s.set("bulkhead.max-concurrent", s.concurrent)
		s.set("bulkhead.max-queue", d.IntN(4))
		wait := d.between(20*time.Millisecond, 500*time.Millisecond)
		s.set("bulkhead.max-wait", wait.String())
		s.wait += wait
	}
	if _, ok := s.on("bulkhead.method"); ok {
		s.set("methods.get.bulkhead.max-concurrent", 1)
		s.set("methods.get.bulkhead.max-queue", 2)
		s.set("methods.get.bulkhead.max-wait", "200ms")
		s.wait += 200 * time.Millisecond
	}
	if d, ok := s.on("rate-limit"); ok {
		s.perSecond, s.burst = float64(5+d.IntN(30)), 1+d.IntN(4)
		s.set("rate-limit.per-second", s.perSecond)
		s.set("rate-limit.burst", s.burst)
		wait := d.between(20*time.Millisecond, 400*time.Millisecond)
		s.set("rate-limit.max-wait", wait.String())
		s.wait += wait
	}
	s.ofMethods()
	if d, ok := s.on("adaptive-limit"); ok {
		s.set("adaptive-limit.initial-limit", 2+d.IntN(4))
		s.set("adaptive-limit.max-limit", 10)
	}
	if _, ok := s.on("stale"); ok {
		s.stale = true
		s.set("stale-if-error", "1m")
	}
}

// ofMethods are policies that single methods have for themselves.
func (s *setting) ofMethods() {
	if d, ok := s.on("retry.method"); ok {
		if d.oneIn(2) {
			s.set("methods.query.retry.enabled", false)
		} else {
			s.set("methods.query.retry.max-attempts", 2)
		}
	}
	if d, ok := s.on("rate-limit.method"); ok {
		s.set("methods.post.rate-limit.per-second", 10+d.IntN(20))
		s.set("methods.post.rate-limit.max-wait", "50ms")
		s.wait += 50 * time.Millisecond
	}
	if d, ok := s.on("hedge.method"); ok {
		s.hedged = true
		s.set("methods.put.hedge.delay", d.between(10*time.Millisecond, 40*time.Millisecond).String())
	}
	if d, ok := s.on("total-timeout.method"); ok {
		s.set("methods.keyed.total-timeout", max(s.timeout+time.Second, d.between(time.Second, 2*time.Second)).String())
	}
}

func (s *setting) breaker() {
	if d, ok := s.on("breaker.window"); ok {
		s.set("circuit-breaker.sliding-window", pick(d, "count", "time"))
		s.set("circuit-breaker.window-size", 6)
		s.set("circuit-breaker.minimum-calls", 4)
		s.set("circuit-breaker.slow-call-duration", "300ms")
	}
	if d, ok := s.on("breaker.scope"); ok {
		s.scope = pick(d, "method", "host")
		s.set("circuit-breaker.scope", s.scope)
	}
	if d, ok := s.on("breaker.probes"); ok {
		s.set("circuit-breaker.half-open-probes", pick(d, 1, 2, 4))
		s.set("circuit-breaker.half-open-max-wait", "20s")
	}
	if _, ok := s.on("breaker.method"); ok {
		s.set("methods.get.circuit-breaker.failure-threshold", 3)
	}
	if _, ok := s.on("breaker.off"); ok {
		s.hasBreaker = false
		s.set("circuit-breaker.enabled", false)
		delete(s.values, services+"shop.methods.get.circuit-breaker.failure-threshold")
	}
	d := s.draw("setting", "threshold", s.n)
	s.set("circuit-breaker.failure-threshold", 2+d.IntN(7))
	s.recovery = d.between(100*time.Millisecond, 900*time.Millisecond)
	s.set("circuit-breaker.recovery-timeout", s.recovery.String())
}

func (s *setting) connection() {
	_, bearer := s.on("auth.bearer")
	_, basic := s.on("auth.basic")
	_, oauth := s.on("auth.oauth2")
	switch { // a client has one of them
	case oauth:
		s.set("auth.oauth2.token-url", s.url(authHost)+"/token")
		s.set("auth.oauth2.client-id", "shop")
		s.set("auth.oauth2.client-secret", planted+"-client-secret")
	case bearer:
		s.set("auth.bearer.token", planted+"-bearer")
	case basic:
		s.set("auth.basic.username", "shop")
		s.set("auth.basic.password", planted+"-password")
	}
	if _, ok := s.on("headers.secret"); ok {
		s.values[services+"shop.headers"] = map[string]any{"X-Api-Key": planted + "-header", "X-Shop-Auth-Token": "${shop.api-key}", "X-Version": "1"}
		s.values["shop.api-key"] = planted + "-placeholder"
	}
	if _, ok := s.on("pool.small"); ok {
		s.set("pool.max-connections", 2)
		s.set("pool.max-idle", 1)
	}
	if d, ok := s.on("pool.max-age"); ok {
		s.set("pool.max-age", d.between(50*time.Millisecond, 500*time.Millisecond).String())
	}
	if d, ok := s.on("compression"); ok {
		s.set("request-compression", "gzip")
		if s.hasAny("code.coding", "code.coding-nil") && d.oneIn(2) {
			s.set("request-compression", "sim")
		}
	}
}

// publish puts the next version in force.
func (w *World) publish(n int) {
	v := w.settingsOf(n)
	w.mu.Lock()
	before := w.versions[len(w.versions)-1]
	w.versions = append(w.versions, v)
	w.mu.Unlock()
	var keys []string
	for _, key := range slices.Sorted(maps.Keys(union(before.values, v.values))) {
		if fmt.Sprint(before.values[key]) != fmt.Sprint(v.values[key]) {
			keys = append(keys, key)
		}
	}
	w.note("operator", "changes %v", keys)
	lifecycle.Publish(w.app.Events(), config.Changed{Config: config.New(v.values), Keys: keys})
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}
