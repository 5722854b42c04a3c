// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"cmp"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/declaration"
	"github.com/pyfly-go/pyfly/internal/secret"
)

const hidden = secret.Hidden

// headersSection is the prefix of the names of header settings.
const headersSection = "headers."

// headerName returns the setting name of a header of a client.
func headerName(name string) string { return headersSection + http.CanonicalHeaderKey(name) }

// note records a setting that a level has set. A later one replaces it.
func (r *resolver) note(l *level, name string, f config.Field) {
	value, text := f.Value, f.Text
	key, origin := f.Key, f.Origin.String()
	if l.origin != "" {
		key, origin, text = r.own()+l.name+name, l.origin, l.shown[name]
	}
	if strings.Contains(text, hidden) {
		value = text
	}
	name = l.name + name
	r.noted[name] = note{Setting{name, key, shownValue(name, value), origin}, l}
}

// hasNoted reports whether settings with the prefix have been recorded.
func (r *resolver) hasNoted(prefix string) bool {
	for name := range r.noted {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// effective returns the effective settings with their origin: all recorded
// ones, and the defaults of everything else in use.
func (r *resolver) effective(s *Settings) []Setting {
	r.inForce("base-url", s.ShownBaseURL)
	r.inForce("timeout", s.Timeout)
	r.inForce("connect-timeout", s.ConnectTimeout)
	r.inForce("stream-idle-timeout", s.IdleTimeout)
	r.inForce("max-response-size", s.MaxResponseSize)
	r.balancing(s)
	if s.TotalTimeout > 0 {
		r.inForce("total-timeout", s.TotalTimeout)
	}
	if s.StaleIfError > 0 {
		r.inForce("stale-if-error.max-age", s.StaleIfError)
		r.inForce("stale-if-error.max-size", s.StaleMaxSize)
	}
	r.policy("retry", s.RetryEnabled, s.Retry.WithDefaults())
	if s.RetryEnabled {
		r.fields("retry.budget.", s.Budget.WithDefaults())
	}
	r.policy("circuit-breaker", s.BreakerEnabled, s.Breaker.WithDefaults())
	if s.BreakerEnabled {
		r.inForce("circuit-breaker.scope", s.BreakerScope)
	}
	r.policy("bulkhead", s.BulkheadEnabled, s.Bulkhead.WithDefaults())
	r.policy("rate-limit", s.RateLimitEnabled, s.RateLimit.WithDefaults())
	r.policy("adaptive-limit", s.AdaptiveEnabled, s.Adaptive.WithDefaults())
	r.policy("hedge", s.HedgeEnabled, s.Hedge.WithDefaults())
	return r.list(s.Connection.SecretNames)
}

// balancing lists the settings of the instances, if there is discovery.
func (r *resolver) balancing(s *Settings) {
	if s.Discovery.Type == "" {
		return
	}
	d := s.Discovery
	if base, err := declaration.ParseBaseURL(s.BaseURL); err == nil {
		d.Service = cmp.Or(d.Service, base.Hostname())
	}
	r.fields("discovery.", d)
	r.inForce("load-balancing.policy", s.LoadBalancing.WithDefaults().Policy)
	r.policy("outlier-detection", s.DetectsOutliers, s.OutlierDetection.WithDefaults())
}

// list returns what has been noted, by name, with the secrets hidden that the
// client's settings name.
func (r *resolver) list(secretNames []string) []Setting {
	isSecret := func(name string) bool {
		return slices.ContainsFunc(secretNames, func(secretName string) bool { return strings.EqualFold(secretName, name) })
	}
	list := make([]Setting, 0, len(r.noted))
	for name, n := range r.noted {
		n.Value = secret.TextWith(n.Value, isSecret)
		if header, isHeader := strings.CutPrefix(name, headersSection); isHeader && isSecret(header) {
			n.Value = hidden
		}
		list = append(list, n.Setting)
	}
	slices.SortFunc(list, func(a, b Setting) int { return cmp.Compare(a.Name, b.Name) })
	return list
}

// policy lists the settings of a policy if it is enabled.
func (r *resolver) policy(name string, isOn bool, config any) {
	r.inForce(name+".enabled", isOn)
	if isOn {
		r.fields(name+".", config)
	}
}

// fields lists the settings of a policy's configuration.
func (r *resolver) fields(prefix string, config any) {
	v := reflect.ValueOf(config)
	for i := range v.NumField() {
		name := v.Type().Field(i).Tag.Get("koanf")
		if name == "" || name == "-" || name == "name" || name == "sliding-window" && v.Field(i).IsZero() {
			continue
		}
		r.inForce(prefix+name, v.Field(i).Interface())
	}
}

// inForce lists the effective value of a setting, which is a default if no
// level has set it.
func (r *resolver) inForce(name string, value any) {
	n, isNoted := r.noted[name]
	if !isNoted {
		n.Setting = Setting{Name: name, Key: r.own() + name, Origin: "default"}
	}
	n.Value = shownValue(name, value)
	r.noted[name] = n
}

// shownValue returns the value of a setting as it may be shown, judging by its
// name and value.
func shownValue(name string, value any) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if secret.Name(last) || isAuthentication(name) {
		return hidden
	}
	return secret.SettingText(fmt.Sprint(value))
}

// isAuthentication reports whether a setting configures how a client
// authenticates.
func isAuthentication(name string) bool { return name == "auth" || strings.HasPrefix(name, "auth.") }
