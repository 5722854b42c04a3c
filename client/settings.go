// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/config"
)

// resolveSettings works out the settings of a declared client, of which code gives
// some by the option Defaults. Its error joins everything that is wrong.
func resolveSettings(cfg *config.Config, d *Declaration, defaults *defaults, known settings.Known) (*settings.Client, error) {
	declared := d.settings()
	givenErr := defaults.addTo(declared)
	resolved, err := settings.Resolve(cfg, declared, known)
	return resolved, errors.Join(givenErr, d.withDeclared(err))
}

// withDeclared takes what is wrong with the settings because of the tags for
// mistakes of the declaration, and leaves out what is known of it.
func (d *Declaration) withDeclared(err error) error {
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var errs []error
	for _, err := range list.Unwrap() {
		if wrong, ok := err.(*settings.Declared); ok {
			err = &declarationError{wrong.Text, wrong}
		}
		if !slices.ContainsFunc(d.problems, func(known error) bool { return strings.HasPrefix(known.Error(), err.Error()) }) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// settings returns what the declaration says of the client's settings, as plain
// values.
func (d *Declaration) settings() *settings.Declaration {
	declared := &settings.Declaration{
		Name: d.Name, Type: d.Type, Marker: d.marker.Name, ShownURL: d.BaseURL,
		Tag: settings.Given{Origin: originOfTag(d, d.marker.Name), Values: d.tagValues()},
	}
	if d.marker.Type == serviceClientType {
		declared.BuiltIn = settings.Given{
			Origin: declared.Tag.Origin,
			Values: map[string]any{"retry.enabled": true, "circuit-breaker.enabled": true},
		}
	}
	for i := range d.Methods {
		m := &d.Methods[i]
		method := settings.Method{Name: m.Name, Field: m.field, Headers: m.declared.headers}
		if m.timeout != 0 {
			method.Tag = settings.Given{Origin: originOfTag(d, m.field), Values: map[string]any{"timeout": max(m.timeout, 0)}}
		}
		declared.Methods = append(declared.Methods, method)
	}
	return declared
}

func originOfTag(d *Declaration, field string) string { return "tag of " + d.Type + "." + field }

// tagValues returns what the client's tag says, by the names of the settings.
func (d *Declaration) tagValues() map[string]any {
	values, t := map[string]any{}, d.Resilience
	add := func(isSet bool, name string, value any) {
		if isSet {
			values[name] = value
		}
	}
	has := d.declared.client.Has
	add(d.declared.baseURL != "", "base-url", d.declared.baseURL)
	add(has("retry"), "retry.enabled", t.Retry)
	add(t.MaxAttempts != 0, "retry.max-attempts", t.MaxAttempts)
	add(t.BaseDelay != 0, "retry.base-delay", max(t.BaseDelay, 0))
	add(has("circuit-breaker"), "circuit-breaker.enabled", t.CircuitBreaker)
	add(t.FailureThreshold != 0, "circuit-breaker.failure-threshold", t.FailureThreshold)
	add(t.RecoveryTimeout != 0, "circuit-breaker.recovery-timeout", max(t.RecoveryTimeout, 0))
	add(t.Timeout != 0, "timeout", max(t.Timeout, 0))
	add(t.TotalTimeout != 0, "total-timeout", max(t.TotalTimeout, 0))
	add(t.Bulkhead != 0, "bulkhead", t.Bulkhead)
	add(t.RateLimit != 0, "rate-limit", t.RateLimit)
	add(t.Hedge != 0, "hedge", max(t.Hedge, 0))
	if len(d.declared.headers) > 0 {
		headers := map[string]any{}
		for name, texts := range d.declared.headers {
			headers[name] = strings.Join(texts, ", ")
		}
		values["headers"] = headers
	}
	return values
}
