// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

// settings are those of one client's cache.
type settings struct {
	enabled              bool
	shared               bool            // by all users of the application
	maxSize              config.ByteSize // of all stored responses
	staleWhileRevalidate time.Duration   // for responses that do not say
	staleIfError         time.Duration   // for responses that do not say
	heuristic            float64         // share of the time since Last-Modified; 0: none
	ignoredHeaders       []string        // canonical
	secretNames          []string        // canonical
}

// The prefixes of the settings of clients.
const (
	defaultPrefix  = "pyfly.client.default."
	configsPrefix  = "pyfly.client.configs."
	servicesPrefix = "pyfly.client.services."
)

// defaultMaxSize is how much memory the responses of a client may take.
const defaultMaxSize = 64 << 20

var shortForms = []config.ShortForm{shortForm(defaultPrefix), shortForm(configsPrefix + "*."), shortForm(servicesPrefix + "*.")}

func shortForm(prefix string) config.ShortForm {
	return config.ShortForm{Key: prefix + "cache", Switch: "enabled", Want: "write true or false"}
}

// checkSettings checks the settings of all clients that have some.
func checkSettings(cfg *config.Config) error {
	var errs []error
	for _, name := range append(cfg.Keys("pyfly.client.services"), "") {
		_, err := resolveSettings(cfg, name)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// resolveSettings returns the settings of a client; the later wins: defaults of
// all clients, of the configs that it is based on, its own.
func resolveSettings(cfg *config.Config, client string) (*settings, error) {
	cfg.AddShortForms(shortForms...)
	s := &settings{enabled: true, maxSize: defaultMaxSize, heuristic: 0.1}
	r := &reader{cfg: cfg}
	r.level(s, defaultPrefix)
	if client != "" {
		own := servicesPrefix + client + "."
		for _, prefix := range r.bases(own) {
			r.level(s, prefix)
		}
		r.level(s, own)
	}
	return s, errors.Join(r.problems...)
}

// reader reads settings and collects what is wrong with them.
type reader struct {
	cfg      *config.Config
	problems []error
}

// level reads the settings below one prefix.
func (r *reader) level(s *settings, prefix string) {
	group := prefix + "cache."
	read(r, &s.enabled, group+"enabled")
	read(r, &s.shared, group+"shared")
	if read(r, &s.maxSize, group+"max-size") && s.maxSize <= 0 {
		r.wrong(group+"max-size", "write a size such as 64MiB")
	}
	r.duration(&s.staleWhileRevalidate, group+"stale-while-revalidate")
	r.duration(&s.staleIfError, group+"stale-if-error")
	if read(r, &s.heuristic, group+"heuristic-fraction") && !(s.heuristic >= 0 && s.heuristic <= 1) {
		r.wrong(group+"heuristic-fraction", "write a number between 0 and 1, such as 0.1")
	}
	r.names(&s.ignoredHeaders, group+"ignored-headers")
	r.names(&s.secretNames, prefix+"secret-names")
}

// bases returns the prefixes of the configs that a client is based on, the
// farthest first. What is wrong with them the client reports.
func (r *reader) bases(own string) []string {
	var prefixes []string
	for key := own + "base"; ; {
		name, ok, err := config.Value[string](r.cfg, key)
		prefix := configsPrefix + name + "."
		if err != nil || !ok || name == "default" || slices.Contains(prefixes, prefix) {
			slices.Reverse(prefixes)
			return prefixes
		}
		prefixes = append(prefixes, prefix)
		key = prefix + "base"
	}
}

// read overwrites target if the key is set, and reports whether it is.
func read[T any](r *reader, target *T, key string) bool {
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

func (r *reader) duration(target *time.Duration, key string) {
	if read(r, target, key) && *target < 0 {
		r.wrong(key, "write a duration that is not negative, such as 30s")
	}
}

func (r *reader) names(target *[]string, key string) {
	var names []string
	if !read(r, &names, key) {
		return
	}
	for i := range names {
		names[i] = http.CanonicalHeaderKey(names[i])
	}
	*target = names
}

func (r *reader) wrong(key, want string) {
	r.problems = append(r.problems, r.cfg.Errorf(key, "%s", want))
}
