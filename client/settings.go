// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
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
	shownBaseURL    string        // as it may be shown
	timeout         time.Duration // 0: none
	idleTimeout     time.Duration // of a stream; 0: none
	connectTimeout  time.Duration
	maxResponseSize config.ByteSize
	headers         map[string]string
	ofMethod        http.Header // declared by the method
	connection      connectionSettings

	retryEnabled   bool
	retry          resilience.RetryConfig
	retryStatuses  []int // beside those that are always
	attemptHeader  bool  // tells the service the number of a repeated attempt
	budget         resilience.RetryBudgetConfig
	breakerEnabled bool
	breaker        resilience.CircuitBreakerConfig
	breakerScope   string // scopeClient, scopeMethod or scopeHost
	policySettings
}

// clientSettings are those of a client and, by name, of its methods.
type clientSettings struct {
	settings
	methods   map[string]settings
	effective []Setting
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
	cfg.AddShortForms(shortForms...)
	r := &resolver{cfg: cfg, codings: codings, client: d.Name, noted: map[string]Setting{}}
	s := settings{
		timeout:         DefaultTimeout,
		idleTimeout:     DefaultTimeout,
		connectTimeout:  DefaultConnectTimeout,
		maxResponseSize: DefaultMaxResponseSize,
		headers:         map[string]string{},
		retryEnabled:    d.Resilience.Retry,
		breakerEnabled:  d.Resilience.CircuitBreaker,
		breakerScope:    scopeClient,
	}
	r.globalSections()
	r.transport(&s, defaultPrefix)
	r.connection(&s.connection, defaultPrefix)
	r.retry(&s, globalPrefix+"retry.")
	r.breaker(&s, globalPrefix+"circuit-breaker.")
	r.policies(&s.policySettings, defaultPrefix, globalPrefix, false)
	r.applyTag(&s, d)
	for name, values := range r.expand(d.declared.headers) {
		s.headers[name] = strings.Join(values, ", ")
	}

	own := servicesPrefix + d.Name + "."
	for _, base := range r.bases(own + "base") {
		r.level(&s, base)
	}
	r.level(&s, own)
	r.sections(own, "methods")
	r.checkBaseURL(&s, d, own+"base-url")
	r.checkTogether(&s, own)

	resolved := &clientSettings{settings: s, methods: map[string]settings{}}
	for i := range d.Methods {
		m := &d.Methods[i]
		prefix := own + "methods." + naming.KebabCase(m.Name) + "."
		method := s
		if m.timeout != 0 {
			method.timeout = max(m.timeout, 0)
			r.noteTag(d, m.Name, methodName(m.Name, "timeout"), method.timeout)
		}
		r.sections(prefix, "")
		method = r.method(method, prefix)
		method.ofMethod = r.expand(m.declared.headers)
		if r.hasNoted(methodName(m.Name, "")) {
			r.checkTogether(&method, prefix)
		}
		resolved.methods[m.Name] = method
	}
	resolved.effective = r.effective(&s)
	return resolved, errors.Join(r.problems...)
}

// method are the settings of one method: those of its client, unless its own
// keys say otherwise.
func (r *resolver) method(s settings, own string) settings {
	r.policySections(own)
	r.limits(&s, own)
	s.retryEnabled = r.enabled(own+"retry", s.retryEnabled)
	r.attempts(&s, own+"retry.")
	before := s.breakerEnabled
	s.breakerEnabled = r.enabled(own+"circuit-breaker", s.breakerEnabled)
	if len(r.cfg.Keys(own+"circuit-breaker")) > 0 {
		r.breaker(&s, own+"circuit-breaker.")
		if before || s.breakerEnabled {
			s.breakerScope = scopeMethod
		}
	}
	r.policies(&s.policySettings, own, own, true)
	return s
}

// level are the settings of one client, or of a base that it takes.
func (r *resolver) level(s *settings, prefix string) {
	r.levelSections(prefix)
	if read(r, &s.baseURL, prefix+"base-url") {
		s.shownBaseURL = r.cfg.Redacted(prefix + "base-url")
	}
	r.transport(s, prefix)
	r.connection(&s.connection, prefix)
	r.auth(&s.connection, prefix+"auth.")
	s.retryEnabled = r.enabled(prefix+"retry", s.retryEnabled)
	r.retry(s, prefix+"retry.")
	s.breakerEnabled = r.enabled(prefix+"circuit-breaker", s.breakerEnabled)
	r.breaker(s, prefix+"circuit-breaker.")
	r.policies(&s.policySettings, prefix, prefix, true)
}

// configsPrefix begins the settings that clients take by their key base.
const configsPrefix = globalPrefix + "configs."

// bases returns the prefixes of the settings that a client is based on, the
// farthest first.
func (r *resolver) bases(key string) []string {
	var prefixes []string
	seen := map[string]bool{}
	for {
		var name string
		if !read(r, &name, key) || name == "default" {
			slices.Reverse(prefixes)
			return prefixes
		}
		prefix := configsPrefix + name + "."
		switch known := r.cfg.Keys(strings.TrimSuffix(configsPrefix, ".")); {
		case seen[prefix]:
			r.wrong(key, "write a base that does not lead back to itself")
			return nil
		case !r.cfg.Exists(strings.TrimSuffix(prefix, ".")):
			r.wrong(key, "write default or one of the names below "+configsPrefix+": "+strings.Join(known, ", "))
			return nil
		}
		seen[prefix] = true
		prefixes = append(prefixes, prefix)
		key = prefix + "base"
	}
}

// expand fills the placeholders of declared headers.
func (r *resolver) expand(declared http.Header) http.Header {
	expanded, err := expandHeaders(r.cfg, declared)
	if err != nil {
		r.problems = append(r.problems, err)
	}
	return expanded
}

func (r *resolver) applyTag(s *settings, d *Declaration) {
	s.baseURL, s.shownBaseURL = d.declared.baseURL, r.cfg.ExpandRedacted(d.declared.baseURL)
	note := func(name string, value any) { r.noteTag(d, d.marker.Name, name, value) }
	if d.declared.baseURL != "" {
		note("base-url", s.shownBaseURL)
	}
	for name, values := range d.declared.headers {
		note(headerName(name), r.cfg.ExpandRedacted(strings.Join(values, ", ")))
	}
	t := d.Resilience
	if d.marker.Type == serviceClientType {
		note("retry.enabled", t.Retry)
		note("circuit-breaker.enabled", t.CircuitBreaker)
	}
	if t.MaxAttempts != 0 {
		s.retry.MaxAttempts = t.MaxAttempts
		note("retry.max-attempts", t.MaxAttempts)
	}
	if t.BaseDelay != 0 {
		s.retry.BaseDelay = t.BaseDelay
		note("retry.base-delay", max(t.BaseDelay, 0))
	}
	if t.FailureThreshold != 0 {
		s.breaker.FailureThreshold = t.FailureThreshold
		note("circuit-breaker.failure-threshold", t.FailureThreshold)
	}
	if t.RecoveryTimeout != 0 {
		s.breaker.RecoveryTimeout = t.RecoveryTimeout
		note("circuit-breaker.recovery-timeout", max(t.RecoveryTimeout, 0))
	}
	if t.Timeout != 0 {
		s.timeout = max(t.Timeout, 0)
		note("timeout", s.timeout)
	}
	if t.TotalTimeout != 0 {
		s.totalTimeout = max(t.TotalTimeout, 0)
		note("total-timeout", s.totalTimeout)
	}
	if t.Bulkhead != 0 {
		s.bulkhead.MaxConcurrent, s.bulkheadEnabled = t.Bulkhead, true
		note("bulkhead.enabled", true)
		note("bulkhead.max-concurrent", t.Bulkhead)
	}
	if t.RateLimit != 0 {
		s.rateLimit.PerSecond, s.rateLimitEnabled = t.RateLimit, true
		note("rate-limit.enabled", true)
		note("rate-limit.per-second", t.RateLimit)
	}
	if t.Hedge != 0 {
		s.hedge.Delay, s.hedgeEnabled = t.Hedge, true
		note("hedge.enabled", true)
		note("hedge.delay", t.Hedge)
	}
}

// resolver reads settings and collects what is wrong with them.
type resolver struct {
	cfg      *config.Config
	codings  codings
	client   string             // the name
	noted    map[string]Setting // by name
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
		r.note(key, value)
	}
	return ok
}

func (r *resolver) transport(s *settings, prefix string) {
	r.limits(s, prefix)
	if read(r, &s.connectTimeout, prefix+"connect-timeout") {
		r.notNegative(prefix+"connect-timeout", s.connectTimeout)
	}
	headers, _, err := config.Value[map[string]string](r.cfg, prefix+"headers")
	if err != nil {
		r.problems = append(r.problems, err)
	}
	for name, value := range headers {
		key := prefix + "headers." + name
		if err := checkHeader(http.Header{name: {value}}); err != nil {
			r.wrong(key, "it cannot be sent as a header: give a name of letters, digits and dashes and a value without line breaks")
		}
		s.headers[http.CanonicalHeaderKey(name)] = value
		r.noteAs(headerName(name), key, value)
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
	if read(r, &s.retry.MaxRetryAfter, prefix+"max-retry-after") {
		r.notNegative(prefix+"max-retry-after", s.retry.MaxRetryAfter)
	}
	if read(r, &s.retry.Multiplier, prefix+"multiplier") && !(s.retry.Multiplier >= 1 && s.retry.Multiplier <= 100) {
		r.wrong(prefix+"multiplier", "write a number between 1 and 100, such as 2")
	}
	read(r, &s.retry.Jitter, prefix+"jitter")
	if read(r, &s.retryStatuses, prefix+"on-statuses") {
		for _, status := range s.retryStatuses {
			if status < 300 || status > 599 {
				r.wrong(prefix+"on-statuses", "write statuses between 300 and 599, such as [409, 425]")
			}
		}
	}
	read(r, &s.attemptHeader, prefix+"attempt-header")
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
	r.delay(&s.breaker.MaxRecoveryTimeout, prefix+"max-recovery-timeout")
	r.atLeastOne(&s.breaker.HalfOpenSuccesses, prefix+"half-open-successes")
	r.atLeastOne(&s.breaker.WindowSize, prefix+"window-size")
	r.atLeastOne(&s.breaker.MinimumCalls, prefix+"minimum-calls")
	r.share(&s.breaker.FailureRate, prefix+"failure-rate")
	r.share(&s.breaker.SlowCallRate, prefix+"slow-call-rate")
	if read(r, &s.breaker.RecoveryMultiplier, prefix+"recovery-multiplier") && !(s.breaker.RecoveryMultiplier >= 1 && s.breaker.RecoveryMultiplier <= 100) {
		r.wrong(prefix+"recovery-multiplier", "write a number between 1 and 100, such as 1.5")
	}
	if read(r, &s.breaker.SlowCallDuration, prefix+"slow-call-duration") {
		r.notNegative(prefix+"slow-call-duration", s.breaker.SlowCallDuration)
	}
	if read(r, &s.breaker.WindowDuration, prefix+"window-duration") && s.breaker.WindowDuration <= 0 {
		r.wrong(prefix+"window-duration", "write a duration such as 60s")
	}
	read(r, &s.breaker.SlidingWindow, prefix+"sliding-window")
	if read(r, &s.breakerScope, prefix+"scope") && !slices.Contains([]string{scopeClient, scopeMethod, scopeHost}, s.breakerScope) {
		r.wrong(prefix+"scope", "write client, method or host")
	}
}

func (r *resolver) atLeastOne(target *int, key string) {
	if read(r, target, key) && *target < 1 {
		r.wrong(key, "write a number of at least 1")
	}
}

func (r *resolver) share(target *float64, key string) {
	if read(r, target, key) && !(*target > 0 && *target <= 1) {
		r.wrong(key, "write a share above 0 and up to 1, such as 0.5")
	}
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
	where := fmt.Sprintf("%s.%s: url %q", d.Type, d.marker.Name, d.BaseURL) // without secrets
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

// shownBaseURL parses the base URL as it may be shown. One whose secrets leave no
// URL is shown as scheme and host.
func shownBaseURL(base *url.URL, shown string) *url.URL {
	u, err := url.Parse(shown)
	if err != nil || u.Host == "" {
		return &url.URL{Scheme: base.Scheme, Host: base.Host}
	}
	return u
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
