// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"time"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/resilience"
)

// The structs of this file are the keys of each level. Their pointers point
// into the [Settings] that the level is read into, so that keys that a level
// does not set keep the values of earlier levels.

// limits are the keys for one attempt and for a whole call.
type limits struct {
	Timeout         *time.Duration   `koanf:"timeout"`
	IdleTimeout     *time.Duration   `koanf:"stream-idle-timeout"`
	MaxResponseSize *config.ByteSize `koanf:"max-response-size"`
	TotalTimeout    *time.Duration   `koanf:"total-timeout"`
	StaleIfError    staleIfError     `koanf:"stale-if-error"`
}

type staleIfError struct {
	MaxAge  *time.Duration   `koanf:"max-age"`
	MaxSize *config.ByteSize `koanf:"max-size"`
}

// transport are the keys of the connection to the service.
type transport struct {
	limits         `koanf:",squash"`
	ConnectTimeout *time.Duration    `koanf:"connect-timeout"`
	Headers        map[string]string `koanf:"headers"` // of this level only
	Connection     *Connection       `koanf:",squash"`
	balancing      `koanf:",squash"`
}

// balancing are the keys of the instances of the service.
type balancing struct {
	Discovery        *Discovery                             `koanf:"discovery"`
	Instances        *any                                   `koanf:"instances"`
	LoadBalancing    *balance.LoadBalancingConfig           `koanf:"load-balancing"`
	OutlierDetection policy[balance.OutlierDetectionConfig] `koanf:"outlier-detection"`
}

// attempts are the keys of retry that a method can override.
type attempts struct {
	Config        *resilience.RetryConfig `koanf:",squash"`
	OnStatuses    *[]int                  `koanf:"on-statuses"`
	AttemptHeader *bool                   `koanf:"attempt-header"`
}

type retry struct {
	attempts `koanf:",squash"`
	Budget   *resilience.RetryBudgetConfig `koanf:"budget"`
}

type circuitBreaker struct {
	Config *resilience.CircuitBreakerConfig `koanf:",squash"`
	Scope  *string                          `koanf:"scope"`
}

// policy are the keys of a policy that every level can switch on.
type policy[T any] struct {
	Enabled *bool `koanf:"enabled"`
	Config  *T    `koanf:",squash"`
}

type policies struct {
	Bulkhead  policy[resilience.BulkheadConfig]        `koanf:"bulkhead"`
	RateLimit policy[resilience.RateLimiterConfig]     `koanf:"rate-limit"`
	Adaptive  policy[resilience.AdaptiveLimiterConfig] `koanf:"adaptive-limit"`
	Hedge     policy[resilience.HedgeConfig]           `koanf:"hedge"`
}

// globalKeys are the keys for all clients.
type globalKeys struct {
	Default        transport      `koanf:"default"`
	Retry          retry          `koanf:"retry"`
	CircuitBreaker circuitBreaker `koanf:"circuit-breaker"`
	policies       `koanf:",squash"`
	Services       struct{} `koanf:"services"`
	Configs        struct{} `koanf:"configs"`
}

// clientKeys are the keys of one client, and of a named config.
type clientKeys struct {
	Base           *string `koanf:"base"`
	BaseURL        *string `koanf:"base-url"`
	transport      `koanf:",squash"`
	Auth           *Auth         `koanf:"auth"`
	Retry          clientRetry   `koanf:"retry"`
	CircuitBreaker clientBreaker `koanf:"circuit-breaker"`
	policies       `koanf:",squash"`
}

type clientRetry struct {
	Enabled *bool `koanf:"enabled"`
	retry   `koanf:",squash"`
}

type clientBreaker struct {
	Enabled        *bool `koanf:"enabled"`
	circuitBreaker `koanf:",squash"`
}

// ownKeys are the keys of one client only.
type ownKeys struct {
	clientKeys `koanf:",squash"`
	Methods    struct{} `koanf:"methods"`
}

// methodKeys are the keys of one method. The retry budget belongs to the
// client.
type methodKeys struct {
	limits         `koanf:",squash"`
	Retry          methodRetry                             `koanf:"retry"`
	CircuitBreaker policy[resilience.CircuitBreakerConfig] `koanf:"circuit-breaker"`
	policies       `koanf:",squash"`
}

type methodRetry struct {
	Enabled  *bool `koanf:"enabled"`
	attempts `koanf:",squash"`
	Budget   struct{} `koanf:"budget"`
}

func (s *Settings) limits() limits {
	return limits{
		&s.Timeout, &s.IdleTimeout, &s.MaxResponseSize, &s.TotalTimeout,
		staleIfError{&s.StaleIfError, &s.StaleMaxSize},
	}
}

func (s *Settings) transport() transport {
	return transport{limits: s.limits(), ConnectTimeout: &s.ConnectTimeout, Connection: &s.Connection, balancing: s.balancing()}
}

func (s *Settings) balancing() balancing {
	return balancing{
		&s.Discovery, &s.written, &s.LoadBalancing,
		policy[balance.OutlierDetectionConfig]{&s.DetectsOutliers, &s.OutlierDetection},
	}
}

func (s *Settings) attempts() attempts {
	return attempts{&s.Retry, &s.RetryStatuses, &s.AttemptHeader}
}

func (s *Settings) retry() retry { return retry{s.attempts(), &s.Budget} }

func (s *Settings) circuitBreaker() circuitBreaker {
	return circuitBreaker{&s.Breaker, &s.BreakerScope}
}

func (s *Settings) policies() policies {
	return policies{
		policy[resilience.BulkheadConfig]{&s.BulkheadEnabled, &s.Bulkhead},
		policy[resilience.RateLimiterConfig]{&s.RateLimitEnabled, &s.RateLimit},
		policy[resilience.AdaptiveLimiterConfig]{&s.AdaptiveEnabled, &s.Adaptive},
		policy[resilience.HedgeConfig]{&s.HedgeEnabled, &s.Hedge},
	}
}

func (s *Settings) globalKeys() *globalKeys {
	return &globalKeys{Default: s.transport(), Retry: s.retry(), CircuitBreaker: s.circuitBreaker(), policies: s.policies()}
}

// clientKeys takes base, which is no setting of its own.
func (s *Settings) clientKeys() *clientKeys {
	return &clientKeys{
		Base: new(string), BaseURL: &s.BaseURL, transport: s.transport(), Auth: &s.Auth,
		Retry:          clientRetry{&s.RetryEnabled, s.retry()},
		CircuitBreaker: clientBreaker{&s.BreakerEnabled, s.circuitBreaker()},
		policies:       s.policies(),
	}
}

func (s *Settings) methodKeys() *methodKeys {
	return &methodKeys{
		limits:         s.limits(),
		Retry:          methodRetry{Enabled: &s.RetryEnabled, attempts: s.attempts()},
		CircuitBreaker: policy[resilience.CircuitBreakerConfig]{&s.BreakerEnabled, &s.Breaker},
		policies:       s.policies(),
	}
}
