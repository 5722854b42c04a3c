// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/naming"
)

// The prefixes of the settings. ServicesPrefix precedes the name of a client.
const (
	globalKey      = "pyfly.client"
	globalPrefix   = globalKey + "."
	defaultPrefix  = globalPrefix + "default."
	configsPrefix  = globalPrefix + "configs."
	ServicesPrefix = globalPrefix + "services."
)

// Resolve works out the settings of a client. Its error joins everything that is
// wrong. known are the names that settings may hold.
func Resolve(cfg *config.Config, d *Declaration, known Known) (*Client, error) {
	cfg.AddShortForms(shortForms...)
	r := newResolver(cfg, d, known)
	s := builtIn()
	r.layers(&s, nil)
	r.checkBaseURL(&s)
	r.checkAuth(&s)
	r.checkDiscovery(&s)
	r.checkTogether(&s, "")

	resolved := &Client{Settings: s, Methods: map[string]Settings{}}
	for i := range d.Methods {
		m := &d.Methods[i]
		resolved.Methods[m.Name] = r.method(m, s)
	}
	resolved.Effective = r.effective(&s)
	return resolved, errors.Join(r.problems...)
}

// resolver reads the settings of one client and collects mistakes.
type resolver struct {
	cfg         *config.Config
	declaration *Declaration
	known       Known
	noted       map[string]note // by name
	problems    []error

	isRawURL bool // the base URL may contain placeholders
}

func newResolver(cfg *config.Config, d *Declaration, known Known) *resolver {
	return &resolver{cfg: cfg, declaration: d, known: known, noted: map[string]note{}}
}

// own returns the prefix of the client's own keys.
func (r *resolver) own() string { return ServicesPrefix + r.declaration.Name + "." }

func methodPrefix(m *Method) string { return "methods." + naming.KebabCase(m.Name) + "." }

// layers reads all levels of a client over the built-in settings. ofMethod, if
// not nil, are the defaults of a method; they are read after those of its
// client.
func (r *resolver) layers(s *Settings, ofMethod *level) {
	d := r.declaration
	r.client(s, r.given(d.BuiltIn, ""))
	defaults := r.given(d.Defaults, "")
	r.client(s, defaults)
	r.methodLevel(s, ofMethod)
	r.global(s)
	r.client(s, r.given(d.Tag, ""))
	for _, base := range r.bases(defaults) {
		r.client(s, &level{cfg: r.cfg, prefix: base})
	}
	keys := &ownKeys{clientKeys: *s.clientKeys()}
	l := &level{cfg: r.cfg, prefix: r.own()}
	r.read(l, s, keys, &keys.transport)
	r.switches(l, s)
}

func (r *resolver) global(s *Settings) {
	keys := s.globalKeys()
	l := &level{cfg: r.cfg, prefix: globalPrefix, isGlobal: true}
	r.read(l, s, keys, &keys.Default)
}

// client reads a level that may set any key of a client. l may be nil.
func (r *resolver) client(s *Settings, l *level) {
	if l == nil {
		return
	}
	keys := s.clientKeys()
	r.read(l, s, keys, &keys.transport)
	r.switches(l, s)
}

// methodLevel reads a level that may set any key of a method. l may be nil.
func (r *resolver) methodLevel(s *Settings, l *level) {
	if l == nil {
		return
	}
	r.read(l, s, s.methodKeys(), nil)
	r.switches(l, s)
	r.ownPolicies(s, l.hasKeys)
}

// ownPolicies marks the policies with settings of the method as the method's
// own.
func (r *resolver) ownPolicies(s *Settings, has func(policy string) bool) {
	s.OwnBulkhead = s.OwnBulkhead || has("bulkhead")
	s.OwnRateLimit = s.OwnRateLimit || has("rate-limit")
	s.OwnAdaptive = s.OwnAdaptive || has("adaptive-limit")
	if has("circuit-breaker") && s.BreakerEnabled {
		s.BreakerScope = ScopeMethod
	}
}

// method returns the settings of one method: those of its client, overridden by
// its own.
func (r *resolver) method(m *Method, s Settings) Settings {
	prefix := methodPrefix(m)
	if defaults := r.given(m.Defaults, ""); defaults != nil {
		s = r.overMethodDefaults(m, defaults)
	}
	r.methodLevel(&s, r.given(m.Tag, prefix))
	r.methodLevel(&s, &level{cfg: r.cfg, prefix: r.own() + prefix, name: prefix})
	s.OfMethod = r.expandHeaders(m)
	if r.hasNoted(prefix) {
		r.checkTogether(&s, prefix)
	}
	return s
}

// overMethodDefaults reads the levels of the client over the defaults of a
// method. Defaults that remain effective are recorded for the method.
func (r *resolver) overMethodDefaults(m *Method, defaults *level) Settings {
	within := newResolver(r.cfg, r.declaration, r.known)
	s := builtIn()
	defaults.at = methodPrefix(m)
	within.layers(&s, defaults)
	remains := func(policy string) bool {
		for name, n := range within.noted {
			if n.level == defaults && strings.HasPrefix(name, policy+".") {
				return true
			}
		}
		return false
	}
	s.OwnBulkhead, s.OwnRateLimit, s.OwnAdaptive = false, false, false
	r.ownPolicies(&s, remains)
	for name, n := range within.noted {
		if n.level == defaults {
			n.Name, n.Key = methodPrefix(m)+name, r.own()+methodPrefix(m)+name
			r.noted[n.Name] = n
		}
	}
	r.problems = append(r.problems, newProblems(within.problems, r.problems)...)
	return s
}

// newProblems returns the problems that are not yet known.
func newProblems(problems, known []error) []error {
	return slices.DeleteFunc(slices.Clone(problems), func(problem error) bool {
		return slices.ContainsFunc(known, func(err error) bool { return err.Error() == problem.Error() })
	})
}

// bases returns the prefixes of the configs that the client is based on, the
// most distant first. A key base that is not valid is reported with its level.
func (r *resolver) bases(defaults *level) []string {
	var prefixes []string
	key := r.own() + "base"
	name, isSet, _ := config.Value[string](r.cfg, key)
	if !isSet && defaults != nil {
		name, _, _ = config.Value[string](defaults.cfg, "base")
	}
	for name != "" && name != "default" {
		prefix := configsPrefix + name + "."
		switch known := r.cfg.Keys(strings.TrimSuffix(configsPrefix, ".")); {
		case slices.Contains(prefixes, prefix):
			r.problems = append(r.problems, r.cfg.Errorf(key, "write a base that does not lead back to itself"))
			return nil
		case !r.cfg.Exists(strings.TrimSuffix(prefix, ".")):
			r.unknownBase(key, name, defaults, "write default or one of the names below "+configsPrefix+": "+strings.Join(known, ", "))
			return nil
		}
		prefixes = append(prefixes, prefix)
		key = prefix + "base"
		name, _, _ = config.Value[string](r.cfg, key)
	}
	slices.Reverse(prefixes)
	return prefixes
}

func (r *resolver) unknownBase(key, name string, defaults *level, want string) {
	if r.cfg.Exists(key) {
		r.problems = append(r.problems, r.cfg.Errorf(key, "%s", want))
		return
	}
	r.problems = append(r.problems, &problem{fmt.Sprintf("%s: %s: %q is not allowed: %s", defaults.origin, key, name, want)})
}

// switches enables the policies with settings on a level, unless the level
// disables them: settings of a policy imply that it is wanted.
func (r *resolver) switches(l *level, s *Settings) {
	for name, on := range s.switchable() {
		if l.hasKeys(name) && !l.set[name+".enabled"] {
			*on = true
		}
	}
}

func (s *Settings) switchable() map[string]*bool {
	return map[string]*bool{
		"retry": &s.RetryEnabled, "circuit-breaker": &s.BreakerEnabled, "bulkhead": &s.BulkheadEnabled,
		"rate-limit": &s.RateLimitEnabled, "adaptive-limit": &s.AdaptiveEnabled, "hedge": &s.HedgeEnabled,
	}
}

// sorted returns the sorted keys of a map.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
