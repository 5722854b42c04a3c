// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/resilience"
)

// The scopes of a circuit breaker.
const (
	ScopeClient = "client"
	ScopeMethod = "method"
	ScopeHost   = "host"
)

// Settings are the effective settings of a client or of one of its methods.
type Settings struct {
	BaseURL         string
	ShownBaseURL    string          // the form in which it may be shown
	Timeout         time.Duration   // of one attempt; 0 for none
	IdleTimeout     time.Duration   // of a stream; 0 for none
	ConnectTimeout  time.Duration   // 0 for none
	MaxResponseSize config.ByteSize // 0 for no limit
	Headers         map[string]string
	OfMethod        http.Header // declared by the method
	Connection      Connection
	Auth            Auth
	Balancing
	Policies
}

// Policies are the settings of the policies that guard a call.
type Policies struct {
	TotalTimeout time.Duration   // of a call with all its attempts; 0 for none
	StaleIfError time.Duration   // maximum age of a response that replaces a failure; 0 for none
	StaleMaxSize config.ByteSize // of all such responses of a method; 0 for no limit

	RetryEnabled   bool
	Retry          resilience.RetryConfig
	RetryStatuses  []int // in addition to those that are always retried
	AttemptHeader  bool  // sends the number of the retry to the service
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

	// These report which policies a method does not share with its client.
	OwnBulkhead, OwnRateLimit, OwnAdaptive bool
}

// Client is the settings of a client and, by Go name, of its methods.
type Client struct {
	Settings
	Methods   map[string]Settings
	Effective []Setting // by name
}

// Setting is the effective value of a setting and its origin.
type Setting struct {
	Name   string // relative to the client, such as "methods.charge.timeout"
	Key    string // that sets it, or could
	Value  string // ****** if it is secret
	Origin string // "pyfly.yaml:12", "tag of PaymentClient.ServiceClient", "default"
}

// Declaration describes a client before its settings are read.
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

// Method describes a method before its settings are read.
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

// builtIn returns the settings of a client without any configuration.
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
