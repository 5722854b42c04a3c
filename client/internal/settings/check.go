// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/hostpattern"
)

// wants are the remedies for settings with limited values. The limits of
// policies are those of package resilience.
var wants = map[string]string{
	"max-response-size":                      "write a size such as 10MiB, or 0 for no limit",
	"stale-if-error.max-size":                "write a size such as 64MiB, or 0 for no limit",
	"retry.max-attempts":                     "write a number of attempts, the first included, of at least 1",
	"retry.multiplier":                       "write a number between 1 and 100, such as 2",
	"retry.jitter":                           "write none, full, equal or decorrelated",
	"retry.on-statuses":                      "write statuses between 300 and 599, such as [409, 425]",
	"retry.budget.ratio":                     "write a share of calls between 0 and 1, such as 0.2",
	"retry.budget.min-per-second":            "write a number of retries per second of at least 0",
	"circuit-breaker.failure-threshold":      "write a number of failures of at least 1",
	"circuit-breaker.half-open-probes":       "write a number of probes of at least 1",
	"circuit-breaker.half-open-successes":    wantAtLeastOne,
	"circuit-breaker.window-size":            wantAtLeastOne,
	"circuit-breaker.minimum-calls":          wantAtLeastOne,
	"circuit-breaker.window-duration":        "write a duration such as 60s",
	"circuit-breaker.failure-rate":           wantShare,
	"circuit-breaker.slow-call-rate":         wantShare,
	"circuit-breaker.recovery-multiplier":    "write a number between 1 and 100, such as 1.5",
	"circuit-breaker.sliding-window":         "write count, time or none",
	"circuit-breaker.scope":                  "write client, method or host",
	"bulkhead.max-concurrent":                wantAtLeastOne,
	"rate-limit.per-second":                  "write a number of calls above 0",
	"rate-limit.burst":                       wantAtLeastOne,
	"adaptive-limit.initial-limit":           wantAtLeastOne,
	"adaptive-limit.min-limit":               wantAtLeastOne,
	"adaptive-limit.max-limit":               wantAtLeastOne,
	"hedge.max-hedges":                       wantAtLeastOne,
	"hedge.quantile":                         "write a share between 0 and 1, such as 0.95",
	"load-balancing.policy":                  "write least-request, round-robin or random",
	"load-balancing.zone":                    wantNotSupported,
	"load-balancing.slow-start":              wantNotSupported,
	"load-balancing.hash-on":                 wantNotSupported,
	"outlier-detection.consecutive-failures": "write a number of failures of at least 1",
	"outlier-detection.ejection-time":        "write a duration above 0, such as 30s",
	"outlier-detection.max-ejected":          "write a share of the instances between 0 and 1, such as 0.5",
	"tls.min-version":                        `write "1.2" or "1.3"`,
	"proxy":                                  "write a URL such as http://proxy:3128",
	"http2":                                  "write auto, off or prior-knowledge",
	"allowed-hosts":                          "write hosts such as files.example.com, files.example.com:8443, *.example.com or [2001:db8::1]:8443",
	"auth.bearer.token":                      "write a token without line breaks",
	"auth.oauth2.token-url":                  "write a URL such as https://auth/token",
}

const (
	wantAtLeastOne  = "write a number of at least 1"
	wantShare       = "write a share above 0 and up to 1, such as 0.5"
	wantDuration    = "write a duration that is not negative, such as 500ms or 30s"
	wantNotNegative = "write a number that is not negative"
)

// rules are the limits that this package defines itself: those of settings that
// do not belong to a policy.
var rules = map[string]func(*Settings) bool{
	"retry.on-statuses": func(s *Settings) bool {
		return !slices.ContainsFunc(s.RetryStatuses, func(status int) bool { return status < 300 || status > 599 })
	},
	"circuit-breaker.scope": func(s *Settings) bool {
		return slices.Contains([]string{ScopeClient, ScopeMethod, ScopeHost}, s.BreakerScope)
	},
	"load-balancing.policy":     func(s *Settings) bool { return s.ofLoadBalancing().Validate() == nil },
	"load-balancing.zone":       func(s *Settings) bool { return s.LoadBalancing.Zone == "" },
	"load-balancing.slow-start": func(s *Settings) bool { return s.LoadBalancing.SlowStart == 0 },
	"load-balancing.hash-on":    func(s *Settings) bool { return s.LoadBalancing.HashOn == "" },
	"outlier-detection.consecutive-failures": func(s *Settings) bool {
		return balance.OutlierDetectionConfig{ConsecutiveFailures: s.OutlierDetection.ConsecutiveFailures}.Validate() == nil
	},
	"outlier-detection.ejection-time": func(s *Settings) bool { return s.OutlierDetection.EjectionTime >= 0 },
	"outlier-detection.max-ejected": func(s *Settings) bool {
		return balance.OutlierDetectionConfig{MaxEjected: s.OutlierDetection.MaxEjected}.Validate() == nil
	},
	"tls.min-version":       func(s *Settings) bool { return tlsVersions[s.Connection.TLS.MinVersion] != 0 },
	"proxy":                 func(s *Settings) bool { return isURL(s.Connection.Proxy, "http", "https", "socks5") },
	"http2":                 func(s *Settings) bool { return s.Connection.HTTP2 == "auto" || s.Connection.protocols() != nil },
	"allowed-hosts":         func(s *Settings) bool { return !slices.ContainsFunc(s.Connection.AllowedHosts, isNoAllowedHost) },
	"auth.bearer.token":     func(s *Settings) bool { return !strings.ContainsFunc(s.Auth.Bearer.Token, isControl) },
	"auth.oauth2.token-url": func(s *Settings) bool { return isURL(s.Auth.OAuth2.TokenURL, "http", "https") },
}

// ofLoadBalancing is the policy alone.
func (s *Settings) ofLoadBalancing() balance.LoadBalancingConfig {
	return balance.LoadBalancingConfig{Policy: s.LoadBalancing.Policy}
}

func isNoAllowedHost(host string) bool {
	_, err := hostpattern.Parse(host)
	return err != nil
}

func isURL(text string, schemes ...string) bool {
	u, err := url.Parse(text)
	return err == nil && u.Host != "" && slices.Contains(schemes, u.Scheme)
}

// checkLevel checks each value that a level sets on its own.
func (r *resolver) checkLevel(l *level, s *Settings, fields []config.Field) {
	invalid := map[string]bool{}
	for _, wrong := range s.wrongFields() {
		if len(wrong.names) == 1 {
			invalid[wrong.names[0]] = true
		}
	}
	for _, f := range fields {
		name := nameOf(f.Name)
		isWithin := rules[name]
		switch {
		case isNegative(f.Value), invalid[name], isWithin != nil && !isWithin(s):
			r.wrongAt(l, name, wantOf(name, f.Value))
		case name == "request-compression" && !r.isCoding(s.Connection.Compression):
			r.wrongAt(l, name, "write none or one of "+strings.Join(r.known.Codings, ", "))
		}
	}
}

func (r *resolver) isCoding(name string) bool {
	return name == "none" || r.known.Codings == nil || slices.Contains(r.known.Codings, name)
}

func wantOf(name string, value any) string {
	if want, ok := wants[name]; ok {
		return want
	}
	if _, isDuration := value.(time.Duration); isDuration {
		return wantDuration
	}
	return wantNotNegative
}

// isNegative reports whether a value is a negative number, which is not valid
// for any setting.
func isNegative(value any) bool {
	switch value := value.(type) {
	case time.Duration:
		return value < 0
	case config.ByteSize:
		return value < 0
	case int:
		return value < 0
	case float64:
		return value < 0
	}
	return false
}

// wrongField is a set of policy settings that are not valid, alone or in
// combination.
type wrongField struct {
	section string
	names   []string
	text    string
}

// wrongFields returns the errors of package resilience for the policies.
func (s *Settings) wrongFields() []wrongField {
	var all []wrongField
	for _, section := range s.sections() {
		for _, err := range parts(section.config.Validate()) {
			wrong := wrongField{section.name, []string{section.name}, err.Error()}
			if of, ok := err.(interface {
				Fields() []string
				Problem() string
			}); ok {
				wrong = wrongField{section: section.name, text: of.Problem()}
				for _, field := range of.Fields() {
					wrong.names = append(wrong.names, section.name+"."+field)
				}
			}
			all = append(all, wrong)
		}
	}
	return all
}

type section struct {
	name   string
	isOn   bool
	config interface{ Validate() error }
}

func (s *Settings) sections() []section {
	return []section{
		{"retry", s.RetryEnabled, s.Retry},
		{"retry.budget", s.RetryEnabled, s.Budget},
		{"circuit-breaker", s.BreakerEnabled, s.Breaker},
		{"bulkhead", s.BulkheadEnabled, s.Bulkhead},
		{"rate-limit", s.RateLimitEnabled, s.RateLimit},
		{"adaptive-limit", s.AdaptiveEnabled, s.Adaptive},
		{"hedge", s.HedgeEnabled, s.Hedge},
	}
}

// parts returns the errors that errors.Join combined.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, err := range joined.Unwrap() {
		all = append(all, parts(err)...)
	}
	return all
}
