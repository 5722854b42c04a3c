// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"fmt"
	"time"
)

// checkTogether checks settings of a client, or of the method with the prefix,
// that depend on each other. It is skipped if there already is a problem,
// because more errors would only be confusing.
func (r *resolver) checkTogether(s *Settings, prefix string) {
	if len(r.problems) > 0 {
		return
	}
	wrong := func(names []string, format string, args ...any) {
		r.wrongTogether(prefix, names, fmt.Sprintf(format, args...))
	}
	on := map[string]bool{}
	for _, section := range s.sections() {
		on[section.name] = section.isOn
	}
	for _, w := range s.wrongFields() {
		switch {
		case !on[w.section]:
		case w.names[0] == "rate-limit.per-second":
			wrong(w.names, "write how many calls a second there may be")
		default:
			wrong(w.names, "%s", w.text)
		}
	}
	switch total := s.TotalTimeout; {
	case total > 0 && s.Timeout > total:
		wrong([]string{"total-timeout", "timeout"}, "the timeout of one attempt, %s, must not be longer than that of all, %s", s.Timeout, total)
	case total > 0 && s.RetryEnabled && s.delays() >= total:
		wrong([]string{"total-timeout", "retry.base-delay", "retry.max-attempts"}, "the delays between all attempts, %s, must fit into %s", s.delays(), total)
	}
	if s.HedgeEnabled && s.Timeout > 0 && s.Hedge.Delay >= s.Timeout {
		wrong([]string{"hedge.delay", "timeout"}, "the delay of a hedge, %s, must be shorter than the timeout of an attempt, %s", s.Hedge.Delay, s.Timeout)
	}
}

// checkAuth checks combinations of certificates and credentials.
func (r *resolver) checkAuth(s *Settings) {
	wrong := func(want string, names ...string) { r.wrongTogether("", names, want) }
	if t := s.Connection.TLS; (t.CertFile == "") != (t.KeyFile == "") {
		wrong("tls.cert-file and tls.key-file go together", "tls.cert-file", "tls.key-file")
	}
	ways := 0
	for _, way := range []string{s.Auth.Bearer.Token, s.Auth.Basic.Username, s.Auth.OAuth2.TokenURL} {
		if way != "" {
			ways++
		}
	}
	if ways > 1 {
		wrong("give one of bearer, basic and oauth2", "auth.basic.username", "auth.bearer.token", "auth.oauth2.token-url")
	}
	switch o := s.Auth.OAuth2; {
	case o.TokenURL != "" && o.ClientID == "":
		r.problems = append(r.problems, r.cfg.Errorf(r.own()+"auth.oauth2.client-id", "write the client identifier that the authorization server has issued"))
	case o.TokenURL == "" && (o.ClientID != "" || o.ClientSecret != ""):
		r.problems = append(r.problems, r.cfg.Errorf(r.own()+"auth.oauth2.token-url", "%s", wants["auth.oauth2.token-url"]))
	}
}

// delays returns the sum of the longest delays between all attempts of a call.
func (s *Settings) delays() time.Duration {
	c := s.Retry.WithDefaults()
	sum, delay := 0.0, float64(c.BaseDelay)
	for left := c.MaxAttempts - 1; left > 0; left-- {
		if most := float64(c.MaxDelay); delay >= most || delay == 0 || c.Multiplier == 1 { // the delay does not grow further
			sum += float64(left) * min(delay, most)
			break
		}
		sum += delay
		delay *= c.Multiplier
	}
	return time.Duration(min(sum, float64(1<<62)))
}
