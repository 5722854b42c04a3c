// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/naming"
	"github.com/pyfly-go/pyfly/internal/secret"
)

// This file keeps where each setting of a client comes from.

// note keeps a setting that has been read. What is read later wins.
func (r *resolver) note(key string, value any) { r.noteAs(r.nameOf(key), key, value) }

// noteAs is note for a setting whose name is not that of its key.
func (r *resolver) noteAs(name, key string, value any) {
	if text := r.cfg.Redacted(key); strings.Contains(text, hidden) {
		value = text
	}
	r.noted[name] = Setting{name, key, shownValue(name, value), r.cfg.Origin(key).String()}
}

// hasNoted reports whether there are settings whose names begin with prefix.
func (r *resolver) hasNoted(prefix string) bool {
	for name := range r.noted {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// headersSection begins the names of headers among the settings.
const headersSection = "headers."

// headerName is what a header is called within a client's settings.
func headerName(name string) string { return headersSection + http.CanonicalHeaderKey(name) }

// nameOf is what a key is called within a client's settings, on whatever level
// it is set.
func (r *resolver) nameOf(key string) string {
	for _, prefix := range []string{servicesPrefix + r.client + ".", configsPrefix, defaultPrefix, globalPrefix} {
		name, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		if prefix == configsPrefix {
			_, name, _ = strings.Cut(name, ".")
		}
		return name
	}
	return key
}

// noteTag keeps a setting that a tag of the field gives. The value holds no
// secret, unless the name says that it is one.
func (r *resolver) noteTag(d *Declaration, field, name string, value any) {
	key := servicesPrefix + r.client + "." + name
	r.noted[name] = Setting{name, key, shownValue(name, value), "tag of " + d.Type + "." + field}
}

// effective lists what is in force, each with where it comes from: whatever has
// been noted, and the defaults of all else that is in use.
func (r *resolver) effective(s *settings) []Setting {
	r.inForce("base-url", s.shownBaseURL)
	r.inForce("timeout", s.timeout)
	r.inForce("connect-timeout", s.connectTimeout)
	r.inForce("stream-idle-timeout", s.idleTimeout)
	r.inForce("max-response-size", s.maxResponseSize)
	if s.totalTimeout > 0 {
		r.inForce("total-timeout", s.totalTimeout)
	}
	r.policy("retry", s.retryEnabled, s.retry.WithDefaults())
	if s.retryEnabled {
		r.fields("retry.budget.", s.budget.WithDefaults())
	}
	r.policy("circuit-breaker", s.breakerEnabled, s.breaker.WithDefaults())
	if s.breakerEnabled {
		r.inForce("circuit-breaker.scope", s.breakerScope)
	}
	r.policy("bulkhead", s.bulkheadEnabled, s.bulkhead.WithDefaults())
	r.policy("rate-limit", s.rateLimitEnabled, s.rateLimit.WithDefaults())
	r.policy("adaptive-limit", s.adaptiveEnabled, s.adaptive.WithDefaults())
	r.policy("hedge", s.hedgeEnabled, s.hedge.WithDefaults())
	names := secretNames(s.connection.secrets)
	for name, setting := range r.noted {
		header, isHeader := strings.CutPrefix(name, headersSection)
		setting.Value = names.text(setting.Value)
		if isHeader && names.has(header) {
			setting.Value = hidden
		}
		r.noted[name] = setting
	}
	return slices.SortedFunc(maps.Values(r.noted), func(a, b Setting) int { return strings.Compare(a.Name, b.Name) })
}

// policy lists the settings of a policy, if it is on.
func (r *resolver) policy(name string, isOn bool, config any) {
	r.inForce(name+".enabled", isOn)
	if isOn {
		r.fields(name+".", config)
	}
}

// fields lists those of a policy's configuration.
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

// inForce tells the value that has come of all that was noted: a default, if
// nothing was.
func (r *resolver) inForce(name string, value any) {
	s, isNoted := r.noted[name]
	if !isNoted {
		s = Setting{Name: name, Key: servicesPrefix + r.client + "." + name, Origin: "default"}
	}
	s.Value = shownValue(name, value)
	r.noted[name] = s
}

// shownValue is the value of a setting as it may be shown, as far as the name
// and the value tell.
func shownValue(name string, value any) string {
	last := name[strings.LastIndexByte(name, '.')+1:]
	if secret.Name(last) || isAuthentication(name) {
		return hidden
	}
	return secret.SettingText(fmt.Sprint(value))
}

// isAuthentication reports whether a setting says how a client shows who it is.
func isAuthentication(name string) bool { return name == "auth" || strings.HasPrefix(name, "auth.") }

// methodName is what a method's setting is called within its client's.
func methodName(method, name string) string {
	return "methods." + naming.KebabCase(method) + "." + name
}
