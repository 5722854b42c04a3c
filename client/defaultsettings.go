// SPDX-License-Identifier: Apache-2.0

package client

import (
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/resilience"
)

// Switch says whether a policy is on. The zero Switch says nothing.
type Switch int8

// The values of a [Switch].
const (
	On  Switch = 1
	Off Switch = -1
)

// Settings are settings of a client that code gives, see [Defaults]: all that
// pyfly.client.services.<name> may hold, with the same meanings. A zero field says
// nothing. Where zero has a meaning of its own, resilience.NoDelay says so for a
// duration, and a negative value for a size or a field of the budget.
//
// Texts may hold placeholders: "${payment.url:http://localhost:8080}". In the
// configurations of policies, only fields that a settings file may set are allowed:
// no names, functions, budgets or breakers.
type Settings struct {
	Base    string `koanf:"base"` // the config below pyfly.client.configs that the client takes
	BaseURL string `koanf:"base-url"`

	Timeout           time.Duration     `koanf:"timeout"`       // of one attempt
	TotalTimeout      time.Duration     `koanf:"total-timeout"` // of all attempts
	ConnectTimeout    time.Duration     `koanf:"connect-timeout"`
	StreamIdleTimeout time.Duration     `koanf:"stream-idle-timeout"`
	MaxResponseSize   config.ByteSize   `koanf:"max-response-size"`
	Headers           map[string]string `koanf:"headers"`

	TLS                TLSSettings    `koanf:"tls"`
	Pool               PoolSettings   `koanf:"pool"`
	Proxy              string         `koanf:"proxy"` // a URL
	UnixSocket         string         `koanf:"unix-socket"`
	HTTP2              string         `koanf:"http2"`               // "auto", "off" or "prior-knowledge"
	RequestCompression string         `koanf:"request-compression"` // "gzip", the name of a ContentCoding, or "none"
	AllowedHosts       []string       `koanf:"allowed-hosts"`
	SecretNames        []string       `koanf:"secret-names"`
	BearerToken        string         `koanf:"auth.bearer.token"`
	BasicAuth          BasicAuth      `koanf:"auth.basic"`
	OAuth2             OAuth2Settings `koanf:"auth.oauth2"`

	Discovery               DiscoverySettings        `koanf:"discovery"`
	Instances               []string                 `koanf:"instances"`             // addresses, of static discovery
	LoadBalancingPolicy     string                   `koanf:"load-balancing.policy"` // "least-request", "round-robin" or "random"
	OutlierDetectionEnabled Switch                   `koanf:"outlier-detection.enabled"`
	OutlierDetection        OutlierDetectionSettings `koanf:"outlier-detection"`

	RetryEnabled          Switch                           `koanf:"retry.enabled"`
	Retry                 resilience.RetryConfig           `koanf:"retry"`
	RetryBudget           resilience.RetryBudgetConfig     `koanf:"retry.budget"`
	RetryStatuses         []int                            `koanf:"retry.on-statuses"`
	RetryAttemptHeader    Switch                           `koanf:"retry.attempt-header"`
	CircuitBreakerEnabled Switch                           `koanf:"circuit-breaker.enabled"`
	CircuitBreaker        resilience.CircuitBreakerConfig  `koanf:"circuit-breaker"`
	CircuitBreakerScope   string                           `koanf:"circuit-breaker.scope"` // "client", "method" or "host"
	BulkheadEnabled       Switch                           `koanf:"bulkhead.enabled"`
	Bulkhead              resilience.BulkheadConfig        `koanf:"bulkhead"`
	RateLimitEnabled      Switch                           `koanf:"rate-limit.enabled"`
	RateLimit             resilience.RateLimiterConfig     `koanf:"rate-limit"`
	AdaptiveLimitEnabled  Switch                           `koanf:"adaptive-limit.enabled"`
	AdaptiveLimit         resilience.AdaptiveLimiterConfig `koanf:"adaptive-limit"`
	HedgeEnabled          Switch                           `koanf:"hedge.enabled"`
	Hedge                 resilience.HedgeConfig           `koanf:"hedge"`
	StaleIfError          StaleIfError                     `koanf:"stale-if-error"`

	// Methods are settings of methods, by the names of their fields.
	Methods map[string]MethodSettings
}

// MethodSettings are settings of one method that code gives: all that
// pyfly.client.services.<name>.methods.<method> may hold. See [Settings].
type MethodSettings struct {
	Timeout           time.Duration   `koanf:"timeout"`       // of one attempt
	TotalTimeout      time.Duration   `koanf:"total-timeout"` // of all attempts
	StreamIdleTimeout time.Duration   `koanf:"stream-idle-timeout"`
	MaxResponseSize   config.ByteSize `koanf:"max-response-size"`

	RetryEnabled          Switch                           `koanf:"retry.enabled"`
	Retry                 resilience.RetryConfig           `koanf:"retry"`
	RetryStatuses         []int                            `koanf:"retry.on-statuses"`
	RetryAttemptHeader    Switch                           `koanf:"retry.attempt-header"`
	CircuitBreakerEnabled Switch                           `koanf:"circuit-breaker.enabled"`
	CircuitBreaker        resilience.CircuitBreakerConfig  `koanf:"circuit-breaker"` // a breaker of its own
	BulkheadEnabled       Switch                           `koanf:"bulkhead.enabled"`
	Bulkhead              resilience.BulkheadConfig        `koanf:"bulkhead"`
	RateLimitEnabled      Switch                           `koanf:"rate-limit.enabled"`
	RateLimit             resilience.RateLimiterConfig     `koanf:"rate-limit"`
	AdaptiveLimitEnabled  Switch                           `koanf:"adaptive-limit.enabled"`
	AdaptiveLimit         resilience.AdaptiveLimiterConfig `koanf:"adaptive-limit"`
	HedgeEnabled          Switch                           `koanf:"hedge.enabled"`
	Hedge                 resilience.HedgeConfig           `koanf:"hedge"`
	StaleIfError          StaleIfError                     `koanf:"stale-if-error"`
}

// StaleIfError lets an old response to the same GET replace a failure.
type StaleIfError struct {
	MaxAge  time.Duration   `koanf:"max-age"`
	MaxSize config.ByteSize `koanf:"max-size"` // of all that are kept for a method
}

// TLSSettings say how connections are secured.
type TLSSettings struct {
	CAFile     string `koanf:"ca-file"`
	CertFile   string `koanf:"cert-file"`
	KeyFile    string `koanf:"key-file"`
	ServerName string `koanf:"server-name"`
	MinVersion string `koanf:"min-version"` // "1.2" or "1.3"
}

// PoolSettings are those of the connections that a client keeps.
type PoolSettings struct {
	MaxConnections int           `koanf:"max-connections"`
	MaxIdle        int           `koanf:"max-idle"`
	IdleTimeout    time.Duration `koanf:"idle-timeout"`
	MaxAge         time.Duration `koanf:"max-age"`
}

// DiscoverySettings say where the instances of the service are known.
type DiscoverySettings struct {
	Type       string        `koanf:"type"`    // "static", "dns", "srv" or the name of a resolver
	Service    string        `koanf:"service"` // "": the host of the base URL
	PortName   string        `koanf:"port-name"`
	Required   bool          `koanf:"required"`    // the application starts only with an answer
	EmptyGrace time.Duration `koanf:"empty-grace"` // how long an empty set that follows another is doubted
}

// OutlierDetectionSettings say when an instance is ejected.
type OutlierDetectionSettings struct {
	ConsecutiveFailures int           `koanf:"consecutive-failures"`
	EjectionTime        time.Duration `koanf:"ejection-time"` // of the first ejection; the longest is 10 times as long
	MaxEjected          float64       `koanf:"max-ejected"`   // a share of the instances
}

// BasicAuth are a name and a password.
type BasicAuth struct {
	Username string `koanf:"username"`
	Password string `koanf:"password"`
}

// OAuth2Settings are those of the client credentials grant of RFC 6749, section 4.4.
type OAuth2Settings struct {
	TokenURL     string   `koanf:"token-url"`
	ClientID     string   `koanf:"client-id"`
	ClientSecret string   `koanf:"client-secret"`
	Audience     string   `koanf:"audience"`
	Scopes       []string `koanf:"scopes"`
}
