// SPDX-License-Identifier: Apache-2.0

package config

import "strings"

// Option says what [Load] reads.
type Option func(*options)

type options struct {
	file        string
	hasFile     bool
	profiles    []string
	hasProfiles bool
	prefixes    []string
	settings    []map[string]any
}

// File names the base file. It must exist. Without it Load takes the file that
// PYFLY_CONFIG_FILE names, which must exist, else ./pyfly.yaml, else
// ./config/pyfly.yaml, else none.
func File(path string) Option {
	return func(o *options) { o.file, o.hasFile = path, true }
}

// Profiles names the active profiles; a later one wins over those before it.
// Without it they are the comma-separated names of PYFLY_PROFILES_ACTIVE, else
// those of the key pyfly.profiles.active in the base file. Profiles() activates
// none.
func Profiles(names ...string) Option {
	return func(o *options) { o.profiles, o.hasProfiles = names, true }
}

// Env lets the environment variables that begin with prefix and an underscore
// override settings too, as those that begin with PYFLY_ always do. The prefix
// is the first segment of the key: with Env("APP"), APP_DB_URL sets app.db.url.
func Env(prefix string) Option {
	return func(o *options) { o.prefixes = append(o.prefixes, prefix) }
}

// Map gives settings in code, which win over all others. Maps may be nested,
// keys dotted, or both. Of several Maps a later one wins.
func Map(settings map[string]any) Option {
	return func(o *options) { o.settings = append(o.settings, settings) }
}

// variablePrefixes returns the prefixes of overriding variables in the form in
// which the variables have them.
func (o *options) variablePrefixes() ([]string, error) {
	prefixes := []string{"PYFLY"}
	for _, prefix := range o.prefixes {
		name := strings.Trim(strings.NewReplacer("-", "_", ".", "_").Replace(strings.ToUpper(prefix)), "_")
		if name == "" {
			return nil, &Error{
				Message: "config.Env has no prefix: every environment variable would be a setting",
				Want:    `name one, as in config.Env("APP")`,
			}
		}
		prefixes = append(prefixes, name)
	}
	return prefixes, nil
}
