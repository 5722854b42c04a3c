// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/naming"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// settings are the effective settings of one client or of one of its methods.
type settings struct {
	baseURL         string
	timeout         time.Duration // 0: none
	idleTimeout     time.Duration // of a stream; 0: none
	connectTimeout  time.Duration
	maxResponseSize config.ByteSize
	headers         map[string]string
	ofMethod        http.Header // declared by the method
	connection      connectionSettings

	retryEnabled   bool
	retry          resilience.RetryConfig
	budget         resilience.RetryBudgetConfig
	breakerEnabled bool
	breaker        resilience.CircuitBreakerConfig
}

// clientSettings are those of a client and, by name, of its methods.
type clientSettings struct {
	settings
	methods map[string]settings
}

// The prefixes of the settings: the first two hold the defaults of all clients.
const (
	defaultPrefix  = "pyfly.client.default."
	globalPrefix   = "pyfly.client."
	servicesPrefix = "pyfly.client.services."
)

// resolveSettings works out the settings of a declared client, in this order,
// the later winning: built-in, global keys, the declaration's tag, the client's
// own keys, the method's own keys. Its error joins everything that is wrong.
// codings are nil as long as they are not known.
func resolveSettings(cfg *config.Config, d *Declaration, codings codings) (*clientSettings, error) {
	r := &resolver{cfg: cfg, codings: codings}
	s := settings{
		timeout:         DefaultTimeout,
		idleTimeout:     DefaultTimeout,
		connectTimeout:  DefaultConnectTimeout,
		maxResponseSize: DefaultMaxResponseSize,
		headers:         map[string]string{},
		retryEnabled:    d.Resilience.Retry,
		breakerEnabled:  d.Resilience.CircuitBreaker,
	}
	r.transport(&s, defaultPrefix)
	r.connection(&s.connection, defaultPrefix)
	r.retry(&s, globalPrefix+"retry.")
	r.breaker(&s, globalPrefix+"circuit-breaker.")
	applyTag(&s, d)
	for name, values := range r.expand(d.Headers) {
		s.headers[name] = strings.Join(values, ", ")
	}

	own := servicesPrefix + d.Name + "."
	read(r, &s.baseURL, own+"base-url")
	r.transport(&s, own)
	r.connection(&s.connection, own)
	r.auth(&s.connection, own+"auth.")
	s.retryEnabled = r.enabled(own+"retry", s.retryEnabled)
	r.retry(&s, own+"retry.")
	s.breakerEnabled = r.enabled(own+"circuit-breaker", s.breakerEnabled)
	r.breaker(&s, own+"circuit-breaker.")
	r.checkBaseURL(&s, d, own+"base-url")

	resolved := &clientSettings{settings: s, methods: map[string]settings{}}
	for i := range d.Methods {
		m := &d.Methods[i]
		method := r.method(s, own+"methods."+naming.KebabCase(m.Name)+".")
		method.ofMethod = r.expand(m.Headers)
		resolved.methods[m.Name] = method
	}
	return resolved, errors.Join(r.problems...)
}

// method are the settings of one method: those of its client, unless its own
// keys say otherwise.
func (r *resolver) method(s settings, own string) settings {
	r.limits(&s, own)
	s.retryEnabled = r.enabled(own+"retry", s.retryEnabled)
	r.attempts(&s, own+"retry.")
	return s
}

// expand fills the placeholders of declared headers.
func (r *resolver) expand(declared http.Header) http.Header {
	expanded, err := expandHeaders(r.cfg, declared)
	if err != nil {
		r.problems = append(r.problems, err)
	}
	return expanded
}

func applyTag(s *settings, d *Declaration) {
	s.baseURL = d.BaseURL
	t := d.Resilience
	if t.MaxAttempts != 0 {
		s.retry.MaxAttempts = t.MaxAttempts
	}
	if t.BaseDelay != 0 {
		s.retry.BaseDelay = t.BaseDelay
	}
	if t.FailureThreshold != 0 {
		s.breaker.FailureThreshold = t.FailureThreshold
	}
	if t.RecoveryTimeout != 0 {
		s.breaker.RecoveryTimeout = t.RecoveryTimeout
	}
}

// resolver reads settings and collects what is wrong with them.
type resolver struct {
	cfg      *config.Config
	codings  codings
	problems []error
}

// read overwrites target if the key is set, and reports whether it is.
func read[T any](r *resolver, target *T, key string) bool {
	value, ok, err := config.Value[T](r.cfg, key)
	if err != nil {
		r.problems = append(r.problems, err)
		return false
	}
	if ok {
		*target = value
	}
	return ok
}

func (r *resolver) transport(s *settings, prefix string) {
	r.limits(s, prefix)
	if read(r, &s.connectTimeout, prefix+"connect-timeout") {
		r.notNegative(prefix+"connect-timeout", s.connectTimeout)
	}
	var headers map[string]string
	if read(r, &headers, prefix+"headers") {
		for name, value := range headers {
			if err := checkHeader(http.Header{name: {value}}); err != nil {
				r.wrong(prefix+"headers."+name, "it cannot be sent as a header: give a name of letters, digits and dashes and a value without line breaks")
			}
			s.headers[http.CanonicalHeaderKey(name)] = value
		}
	}
}

// limits are the settings of an attempt that a method may have for itself.
func (r *resolver) limits(s *settings, prefix string) {
	if read(r, &s.timeout, prefix+"timeout") {
		r.notNegative(prefix+"timeout", s.timeout)
	}
	if read(r, &s.idleTimeout, prefix+"stream-idle-timeout") {
		r.notNegative(prefix+"stream-idle-timeout", s.idleTimeout)
	}
	if read(r, &s.maxResponseSize, prefix+"max-response-size") && s.maxResponseSize < 0 {
		r.wrong(prefix+"max-response-size", "write a size such as 10MiB, or 0 for no limit")
	}
}

func (r *resolver) retry(s *settings, prefix string) {
	r.attempts(s, prefix)
	if read(r, &s.budget.Ratio, prefix+"budget.ratio") {
		r.explicit(&s.budget, s.budget.Ratio == 0, "ratio")
		if s.budget.Ratio > 1 || s.budget.Ratio < 0 && s.budget.Validate() != nil {
			r.wrong(prefix+"budget.ratio", "write a share of calls between 0 and 1, such as 0.2")
		}
	}
	if read(r, &s.budget.MinPerSecond, prefix+"budget.min-per-second") {
		r.explicit(&s.budget, s.budget.MinPerSecond == 0, "min-per-second")
		if s.budget.MinPerSecond < 0 && s.budget.Validate() != nil {
			r.wrong(prefix+"budget.min-per-second", "write a number of retries per second of at least 0")
		}
	}
}

// attempts are the settings of retry that a method may have for itself.
func (r *resolver) attempts(s *settings, prefix string) {
	if read(r, &s.retry.MaxAttempts, prefix+"max-attempts") && s.retry.MaxAttempts < 1 {
		r.wrong(prefix+"max-attempts", "write a number of attempts, the first included, of at least 1")
	}
	r.delay(&s.retry.BaseDelay, prefix+"base-delay")
	r.delay(&s.retry.MaxDelay, prefix+"max-delay")
}

func (r *resolver) breaker(s *settings, prefix string) {
	if read(r, &s.breaker.FailureThreshold, prefix+"failure-threshold") && s.breaker.FailureThreshold < 1 {
		r.wrong(prefix+"failure-threshold", "write a number of failures of at least 1")
	}
	if read(r, &s.breaker.HalfOpenProbes, prefix+"half-open-probes") && s.breaker.HalfOpenProbes < 1 {
		r.wrong(prefix+"half-open-probes", "write a number of probes of at least 1")
	}
	r.delay(&s.breaker.RecoveryTimeout, prefix+"recovery-timeout")
	r.delay(&s.breaker.HalfOpenMaxWait, prefix+"half-open-max-wait")
}

// delay reads a duration that may be zero, which a zero field does not mean.
func (r *resolver) delay(target *time.Duration, key string) {
	if !read(r, target, key) {
		return
	}
	r.notNegative(key, *target)
	if *target == 0 {
		*target = resilience.NoDelay
	}
}

func (r *resolver) explicit(c config.ExplicitZero, isZero bool, key string) {
	if isZero {
		c.SetExplicitZero(key)
	}
}

func (r *resolver) notNegative(key string, d time.Duration) {
	if d < 0 {
		r.wrong(key, "write a duration that is not negative, such as 500ms or 30s")
	}
}

// enabled reads whether a policy is on: by <policy>.enabled; else a client's or
// method's own settings of the policy turn it on, for who tunes it wants it.
func (r *resolver) enabled(policy string, inherited bool) bool {
	on := inherited
	if read(r, &on, policy+".enabled") {
		return on
	}
	return inherited || len(r.cfg.Keys(policy)) > 0
}

func (r *resolver) wrong(key, want string) {
	r.problems = append(r.problems, r.cfg.Errorf(key, "%s", want))
}

// checkBaseURL expands and checks the base URL, wherever it comes from.
func (r *resolver) checkBaseURL(s *settings, d *Declaration, key string) {
	where := fmt.Sprintf("%s.%s: url %q", d.Type, d.marker.Name, d.BaseURL)
	if r.cfg.Exists(key) {
		where = fmt.Sprintf("%s: %s", r.cfg.Origin(key), key)
	}
	expanded, err := r.cfg.Expand(s.baseURL)
	if err != nil {
		r.problems = append(r.problems, fmt.Errorf("%s: %w", where, err))
		return
	}
	s.baseURL = expanded
	if expanded == "" {
		r.problems = append(r.problems, baseURLError(fmt.Sprintf("%s has no base URL: tag %s with url:\"http://...\" or set %s", d.Type, d.marker.Name, key)))
		return
	}
	if _, err := parseBaseURL(expanded); err != nil {
		r.problems = append(r.problems, baseURLError(where+": "+err.Error()))
	}
}

type baseURLError string

func (e baseURLError) Error() string        { return string(e) }
func (e baseURLError) Is(target error) bool { return target == kernel.ErrConfig }

// parseBaseURL accepts what a request can be sent to. Its error does not repeat
// the URL, which may hold a password.
func parseBaseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("it cannot be read as a URL: write one such as http://inventory-service:8080")
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, fmt.Errorf("its scheme is %q: write a URL that begins with http:// or https://", u.Scheme)
	case u.Hostname() == "":
		return nil, errors.New("it has no host: write one such as http://inventory-service:8080")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.HasSuffix(text, "#"):
		return nil, errors.New("it has a query or a fragment, which a base URL cannot have")
	}
	return u, nil
}
