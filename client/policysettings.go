// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"time"

	"github.com/pyfly-go/pyfly/resilience"
)

// What shares a circuit breaker.
const (
	scopeClient = "client"
	scopeMethod = "method"
	scopeHost   = "host"
)

// policySettings are those of the policies around retry and circuit breaker.
type policySettings struct {
	totalTimeout time.Duration // of a call with all its attempts; 0: none
	staleIfError time.Duration // how old an answer may be that takes the place of a failure; 0: there is none

	bulkheadEnabled  bool
	bulkhead         resilience.BulkheadConfig
	rateLimitEnabled bool
	rateLimit        resilience.RateLimiterConfig
	adaptiveEnabled  bool
	adaptive         resilience.AdaptiveLimiterConfig
	hedgeEnabled     bool
	hedge            resilience.HedgeConfig

	// own says of a method which policies it does not share with its client.
	ownBulkhead, ownRateLimit, ownAdaptive bool
}

// policies reads the settings of one level: single keys below prefix, groups of
// them below group. Keys of a client or method turn a policy on, global ones
// only if they say enabled.
func (r *resolver) policies(s *policySettings, prefix, group string, turnsOn bool) {
	if read(r, &s.totalTimeout, prefix+"total-timeout") {
		r.notNegative(prefix+"total-timeout", s.totalTimeout)
	}
	if read(r, &s.staleIfError, prefix+"stale-if-error") {
		r.notNegative(prefix+"stale-if-error", s.staleIfError)
	}
	s.ownBulkhead = r.turn(&s.bulkheadEnabled, group+"bulkhead", turnsOn)
	r.atLeastOne(&s.bulkhead.MaxConcurrent, group+"bulkhead.max-concurrent")
	r.count(&s.bulkhead.MaxQueue, group+"bulkhead.max-queue")
	r.wait(&s.bulkhead.MaxWait, group+"bulkhead.max-wait")

	s.ownRateLimit = r.turn(&s.rateLimitEnabled, group+"rate-limit", turnsOn)
	if read(r, &s.rateLimit.PerSecond, group+"rate-limit.per-second") && !(s.rateLimit.PerSecond > 0) {
		r.wrong(group+"rate-limit.per-second", "write a number of calls above 0")
	}
	r.atLeastOne(&s.rateLimit.Burst, group+"rate-limit.burst")
	r.wait(&s.rateLimit.MaxWait, group+"rate-limit.max-wait")

	s.ownAdaptive = r.turn(&s.adaptiveEnabled, group+"adaptive-limit", turnsOn)
	r.atLeastOne(&s.adaptive.InitialLimit, group+"adaptive-limit.initial-limit")
	r.atLeastOne(&s.adaptive.MinLimit, group+"adaptive-limit.min-limit")
	r.atLeastOne(&s.adaptive.MaxLimit, group+"adaptive-limit.max-limit")

	r.turn(&s.hedgeEnabled, group+"hedge", turnsOn)
	r.delay(&s.hedge.Delay, group+"hedge.delay")
	r.atLeastOne(&s.hedge.MaxHedges, group+"hedge.max-hedges")
	if read(r, &s.hedge.Quantile, group+"hedge.quantile") && !(s.hedge.Quantile >= 0 && s.hedge.Quantile < 1) {
		r.wrong(group+"hedge.quantile", "write a share between 0 and 1, such as 0.95")
	}
}

func (r *resolver) wait(target *time.Duration, key string) {
	if read(r, target, key) {
		r.notNegative(key, *target)
	}
}

// turn reads whether a policy is on, and reports whether the level has settings
// of it.
func (r *resolver) turn(on *bool, policy string, turnsOn bool) (has bool) {
	has = len(r.cfg.Keys(policy)) > 0
	if !read(r, on, policy+".enabled") && has && turnsOn {
		*on = true
	}
	return has
}

// checkTogether looks at settings that depend on each other.
func (r *resolver) checkTogether(s *settings, prefix string) {
	if len(r.problems) > 0 {
		return // it would only add to the confusion
	}
	wrong := func(key, format string, args ...any) {
		r.problems = append(r.problems, r.cfg.Errorf(prefix+key, format, args...))
	}
	invalid := func(policy string, err error) {
		if err != nil {
			r.problems = append(r.problems, fmt.Errorf("%s%s: %w", prefix, policy, err))
		}
	}
	if s.breakerEnabled {
		invalid("circuit-breaker", s.breaker.Validate())
	}
	if s.bulkheadEnabled {
		invalid("bulkhead", s.bulkhead.Validate())
	}
	if s.rateLimitEnabled {
		invalid("rate-limit", s.rateLimit.Validate())
	}
	if s.adaptiveEnabled {
		invalid("adaptive-limit", s.adaptive.Validate())
	}
	total := s.totalTimeout
	switch {
	case total > 0 && s.timeout > total:
		wrong("total-timeout", "the timeout of one attempt, %s, must not be longer than that of all, %s", s.timeout, total)
	case total > 0 && s.retryEnabled && s.delays() >= total:
		wrong("total-timeout", "the delays between all attempts, %s, must fit into %s", s.delays(), total)
	}
	if s.hedgeEnabled {
		invalid("hedge", s.hedge.Validate())
		if s.timeout > 0 && s.hedge.Delay >= s.timeout {
			wrong("hedge.delay", "the delay of a hedge, %s, must be shorter than the timeout of an attempt, %s", s.hedge.Delay, s.timeout)
		}
	}
	if s.rateLimitEnabled && s.rateLimit.PerSecond == 0 {
		wrong("rate-limit.per-second", "write how many calls a second there may be")
	}
}

// delays are the longest between all attempts of a call.
func (s *settings) delays() time.Duration {
	c := s.retry.WithDefaults()
	sum, delay := 0.0, float64(c.BaseDelay)
	for left := c.MaxAttempts - 1; left > 0; left-- {
		if most := float64(c.MaxDelay); delay >= most || delay == 0 || c.Multiplier == 1 { // it stays as it is
			sum += float64(left) * min(delay, most)
			break
		}
		sum += delay
		delay *= c.Multiplier
	}
	return time.Duration(min(sum, float64(1<<62)))
}
