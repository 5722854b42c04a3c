// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"errors"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/config"
)

// level is one group of keys that provides settings.
type level struct {
	cfg      *config.Config // that holds the keys
	prefix   string         // of the keys
	name     string         // what the names of the settings begin with: "methods.get."
	isGlobal bool           // the level of all clients

	// Of a level that a declaration or code gives, the keys are those of a
	// configuration of its own.
	origin string            // "tag of PaymentClient.ServiceClient"; "": the keys are the application's
	shown  map[string]string // by name, texts as they may be shown
	at     string            // what comes before the names in errors, if it is not name

	set map[string]bool // by name without l.name, what the level sets
}

// hasKeys reports whether the level has settings of a policy.
func (l *level) hasKeys(policy string) bool { return len(l.cfg.Keys(l.prefix+policy)) > 0 }

// note is a setting that has been read.
type note struct {
	Setting
	level *level
}

// read reads a level into keys, which lead into s, notes what it sets and checks
// that. t is the transport of keys, nil for a method.
func (r *resolver) read(l *level, s *Settings, keys any, t *transport) {
	fields, err := l.cfg.BindFields(strings.TrimSuffix(l.prefix, "."), keys, "name")
	r.collect(l, err)
	l.set = map[string]bool{}
	for _, f := range fields {
		name := nameOf(f.Name)
		l.set[name] = true
		r.note(l, name, f)
	}
	switch {
	case l.set["base-url"] && l.origin == "":
		s.ShownBaseURL, r.isRawURL = l.cfg.Redacted(l.prefix+"base-url"), false
	case l.set["base-url"]:
		s.ShownBaseURL, r.isRawURL = l.shown["base-url"], true
	}
	if t != nil {
		r.headers(l, s, t.Headers)
	}
	r.readInstances(l, s)
	r.checkLevel(l, s, fields)
}

// nameOf returns the name of the setting of a field.
func nameOf(field string) string {
	name := strings.TrimPrefix(field, "default.")
	if header, isHeader := strings.CutPrefix(name, headersSection); isHeader {
		return headerName(header)
	}
	return name
}

// headers adds those of a level.
func (r *resolver) headers(l *level, s *Settings, headers map[string]string) {
	for _, name := range sorted(headers) { // of two that differ in case only, one and the same counts
		value := headers[name]
		if !isToken(name) || strings.ContainsFunc(value, isControl) {
			r.wrongAt(l, headerName(name), "it cannot be sent as a header: give a name of letters, digits and dashes and a value without line breaks")
		}
		s.Headers[http.CanonicalHeaderKey(name)] = value
	}
}

// collect takes the errors of reading a level.
func (r *resolver) collect(l *level, err error) {
	for _, err := range parts(err) {
		if wrong := (*config.Error)(nil); errors.As(err, &wrong) {
			err = placed(l, wrong)
		}
		r.problems = append(r.problems, err)
	}
}

// placed returns an error of reading with what the level knows of its key.
func placed(l *level, err *config.Error) error {
	told := *err
	name := strings.TrimPrefix(err.Key, l.prefix)
	switch policy, isPolicy := formOf(name); {
	case l.isGlobal && isPolicy && !policy.isGlobal:
		told.Want = "write keys below it, which are the defaults of all clients; to switch it for one client, set " + ServicesPrefix + "<name>." + name
	case isAuthentication(name) && told.Value != "":
		told.Value, told.Message = hidden, "a secret is where a group of keys is needed"
	}
	return &told
}
