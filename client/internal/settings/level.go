// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"errors"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/config"
)

// level is one group of keys with settings.
type level struct {
	cfg      *config.Config // contains the keys
	prefix   string         // of the keys
	name     string         // prefix of the names of the settings, such as "methods.get."
	isGlobal bool           // the level of all clients

	// If a declaration or code gives the level, its keys are in a configuration
	// of their own.
	origin string            // such as "tag of PaymentClient.ServiceClient"; "" for keys of the application
	shown  map[string]string // by name, texts in the form in which they may be shown
	at     string            // prefix of the names in errors, if it differs from name

	set map[string]bool // settings that the level sets, by name without l.name
}

// hasKeys reports whether the level has settings of a policy.
func (l *level) hasKeys(policy string) bool { return len(l.cfg.Keys(l.prefix+policy)) > 0 }

// note is a recorded setting.
type note struct {
	Setting
	level *level
}

// read reads a level into keys, which point into s, records what the level
// sets, and checks it. t is the transport of keys, nil for a method.
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

// nameOf returns the setting name of a field.
func nameOf(field string) string {
	name := strings.TrimPrefix(field, "default.")
	if header, isHeader := strings.CutPrefix(name, headersSection); isHeader {
		return headerName(header)
	}
	return name
}

// headers adds the headers of a level.
func (r *resolver) headers(l *level, s *Settings, headers map[string]string) {
	for _, name := range sorted(headers) { // sorted, so that of names that differ only in case always the same one is used
		value := headers[name]
		if !isToken(name) || strings.ContainsFunc(value, isControl) {
			r.wrongAt(l, headerName(name), "it cannot be sent as a header: give a name of letters, digits and dashes and a value without line breaks")
		}
		s.Headers[http.CanonicalHeaderKey(name)] = value
	}
}

// collect collects the errors of reading a level.
func (r *resolver) collect(l *level, err error) {
	for _, err := range parts(err) {
		if wrong := (*config.Error)(nil); errors.As(err, &wrong) {
			err = placed(l, wrong)
		}
		r.problems = append(r.problems, err)
	}
}

// placed adds the position of its key to an error of reading.
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
