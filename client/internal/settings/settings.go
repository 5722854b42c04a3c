// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/resilience"
)

// What shares a circuit breaker.
const (
	ScopeClient = "client"
	ScopeMethod = "method"
	ScopeHost   = "host"
)

// Settings are the effective settings of a client or of one of its methods.
type Settings struct {
	BaseURL         string
	ShownBaseURL    string          // as it may be shown
	Timeout         time.Duration   // of one attempt; 0: none
	IdleTimeout     time.Duration   // of a stream; 0: none
	ConnectTimeout  time.Duration   // 0: none
	MaxResponseSize config.ByteSize // 0: no limit
	Headers         map[string]string
	OfMethod        http.Header // declared by the method
	Connection      Connection
	Auth            Auth
	Balancing
	Policies
}

// Policies are the settings of what guards a call.
type Policies struct {
	TotalTimeout time.Duration   // of a call with all its attempts; 0: none
	StaleIfError time.Duration   // how old a response may be that replaces a failure; 0: none is kept
	StaleMaxSize config.ByteSize // of all such responses of a method; 0: no limit

	RetryEnabled   bool
	Retry          resilience.RetryConfig
	RetryStatuses  []int // beside those that are always retried
	AttemptHeader  bool  // tells the service the number of a repeated attempt
	Budget         resilience.RetryBudgetConfig
	BreakerEnabled bool
	Breaker        resilience.CircuitBreakerConfig
	BreakerScope   string // ScopeClient, ScopeMethod or ScopeHost

	BulkheadEnabled  bool
	Bulkhead         resilience.BulkheadConfig
	RateLimitEnabled bool
	RateLimit        resilience.RateLimiterConfig
	AdaptiveEnabled  bool
	Adaptive         resilience.AdaptiveLimiterConfig
	HedgeEnabled     bool
	Hedge            resilience.HedgeConfig

	// These say of a method which policies it does not share with its client.
	OwnBulkhead, OwnRateLimit, OwnAdaptive bool
}

// Client are the settings of a client and, by Go name, of its methods.
type Client struct {
	Settings
	Methods   map[string]Settings
	Effective []Setting // by name
}

// Setting is the effective value of a setting and where it comes from.
type Setting struct {
	Name   string // within the client's: "methods.charge.timeout"
	Key    string // that set it, or would
	Value  string // ****** if it is secret
	Origin string // "pyfly.yaml:12", "tag of PaymentClient.ServiceClient", "default"
}

// Declaration is what is known of a client before its settings are read.
type Declaration struct {
	Name     string // in keys: "payment-client"
	Type     string // "PaymentClient"
	Marker   string // the field whose tag holds the client's settings: "ServiceClient"
	ShownURL string // the declared base URL as it may be shown
	BuiltIn  Given
	Defaults Given
	Tag      Given
	Methods  []Method
}

// Method is what is known of a method before its settings are read.
type Method struct {
	Name     string // the Go name: "GetProduct"
	Field    string // where it is declared: "CRUD.Get"; "": under its name
	Headers  http.Header
	Defaults Given
	Tag      Given
}

// Known are names that settings may hold. nil: they are not known yet.
type Known struct {
	Codings   []string // of request-compression
	Resolvers []string // of discovery, beside the built-in ones
}

// Given are settings that a declaration or code gives. The values are by name;
// groups may be nested or dotted. They are what a [config.Map] may hold. Texts may
// hold placeholders, which the configuration of the application fills.
type Given struct {
	Origin string // "tag of PaymentClient.ServiceClient"
	Values map[string]any
}

// builtIn returns the settings of a client of which nothing is set.
func builtIn() Settings {
	return Settings{
		Timeout:         port.DefaultTimeout,
		IdleTimeout:     port.DefaultTimeout,
		ConnectTimeout:  port.DefaultConnectTimeout,
		MaxResponseSize: port.DefaultMaxResponseSize,
		Headers:         map[string]string{},
		Balancing:       Balancing{Discovery: Discovery{EmptyGrace: defaultEmptyGrace}, DetectsOutliers: true},
		Policies:        Policies{StaleMaxSize: 64 * config.MiB, BreakerScope: ScopeClient},
	}
}
