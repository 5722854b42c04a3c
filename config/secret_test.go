// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
)

// link is a type whose UnmarshalText repeats what it was given.
type link struct{ url.URL }

func (l *link) UnmarshalText(text []byte) error {
	return l.UnmarshalBinary(append([]byte(":"), text...))
}

// Each of these holds the secret hunter2.
var holdingSecrets = map[string]string{
	"an incomplete placeholder":             "password: 'hunter2${rest'",
	"an incomplete placeholder of a secret": "password: 'x${hunter2'",
	"in a list":                             "passwords: ['x${hunter2', hunter2]",
	"in a group":                            "password: {a: 'x${hunter2', b: hunter2}",
	"in a group of secrets":                 "secrets: {db: {a: 'x${hunter2}y'}}",
	"what looks like a placeholder":         "password: 'x${hunter2}'",
	"beside a placeholder":                  "password: 'hunter2${password2}'",
	"in a default":                          "password: '${x:hunter2${y}}'",
	"in an incomplete default":              "password: '${x:hunter2${y'",
	"in the default of a name":              "password: '${${x:hunter2}}'",
	"in the default of a plain key's name":  "a: '${${x:hunter2}}'\nhunter3: 1",
	"in the default of a part of a name":    "a: '${b.${x:hunter2}.c}'",
	"in defaults that are nested":           "a: '${${x:${y:hunter2}}}'",
	"behind a name that is a secret":        "a: '${b.${password}}'\npassword: hunter2",
	"a key named by a secret":               "a: '${${password}}'\npassword: hunter2\nhunter3: 1",
	"in a default of a plain key":           "a: 'x${b:hunter2${c}}'",
	"in an incomplete default, plain":       "a: '${b:hunter2${c'",
	"through a key":                         "a: '${password}'\npassword: 'x${hunter2}'",
	"through two keys":                      "a: 'x${b}'\nb: '${password}'\npassword: 'hunter2${x}'",
	"a list":                                "password: 'hunter2${a}'\na: [1]",
	"in a URL":                              "url: 'http://me:hunter2@host'",
	"in a URL, with a slash":                "url: 'http://me:hunter2/hunter2@host'",
	"in a URL, behind digits":               "url: 'http://me:12/hunter2@host'",
	"in a URL, with a question mark":        "url: 'http://me:x?hunter2@host'",
	"in a URL, incomplete":                  "url: 'http://me:${hunter2@host'",
	"in the query of a URL":                 "url: 'http://host/?token=hunter2'",
	"in a URL's default":                    "url: 'http://me:${pw:hunter2}@host/${x}'",
	"a value":                               "password: hunter2",
	"a value through a placeholder":         "a: '${password}'\npassword: hunter2",
	"a default":                             "a: '${password:hunter2}'",
	"an alias":                              "password: *hunter2",
	"a number":                              "password: !!int hunter2",
	"a tag":                                 "password: !hunter2 x",
	"a tag of YAML":                         "password: !!hunter2 x",
	"binary":                                "password: !!binary 'hunter2*'",
	"a second value":                        "password: 'hunter2' hunter2",
	"an open quote":                         "password: 'hunter2",
	"an open bracket":                       "password: [hunter2",
	"two colons":                            "password: hunter2: hunter2",
	"an unknown escape":                     `password: "hunter2\q"`,
	"a control character":                   "password: hunter2\x01",
}

func TestNoErrorHoldsASecret(t *testing.T) {
	for name, yaml := range holdingSecrets {
		t.Run(name, func(t *testing.T) {
			inFolder(t, map[string]string{"pyfly.yaml": yaml})
			cfg, err := config.Load()
			if err != nil {
				assertNoSecret(t, err)
				return
			}
			var all struct {
				A, URL, Password int
				Passwords        []int
				Secrets          map[string]map[string]int
			}
			errs := []error{cfg.Bind("", &all)}
			for _, key := range []string{"a", "url", "password", "passwords", "secrets"} {
				if !cfg.Exists(key) {
					continue
				}
				for _, read := range []func(*config.Config, string) error{
					readAs[int], readAs[string], readAs[[]int], readAs[[]string], readAs[map[string]int], readAs[map[string]string], readAs[link], readAs[any],
				} {
					errs = append(errs, read(cfg, key))
				}
				errs = append(errs, cfg.Errorf(key, "write something else"))
			}
			_, err = cfg.Expand("${${a:hunter2}}")
			errs = append(errs, err, cfg.Bind("", new(withDefault)), cfg.Bind("", new(withIncompleteDefault)), cfg.Bind("", &checked{}))
			for _, err := range errs {
				assertNoSecret(t, err)
			}
			for _, unknown := range cfg.UnknownKeys("") {
				assert.NotContains(t, unknown.Nearest, "hunter2")
			}
		})
	}
}

type withDefault struct {
	OtherPassword int `default:"hunter2"`
}

type withIncompleteDefault struct {
	OtherPassword string `default:"x${hunter2"`
}

// checked repeats what it was given.
type checked struct{ URL string }

func (c *checked) Validate() error {
	if strings.Contains(c.URL, "hunter2") {
		return fmt.Errorf("url: %q is rejected", c.URL)
	}
	return errors.New("url: it is rejected")
}

func readAs[T any](cfg *config.Config, key string) error {
	_, _, err := config.Value[T](cfg, key)
	return err
}

func assertNoSecret(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	assert.NotContains(t, err.Error(), "hunter2")
	var located *config.Error
	require.ErrorAs(t, err, &located)
	assert.NotContains(t, located.Value, "hunter2")
	if located.Err != nil && !strings.Contains(located.Err.Error(), "is rejected") { // what the user's Validate says is the user's
		assert.NotContains(t, located.Err.Error(), "hunter2")
	}
}

// What is no secret is shown, so that the error says what to do.
func TestErrorsShowWhatIsNoSecret(t *testing.T) {
	for yaml, want := range map[string]string{
		"password: ${DB_PASSWORD}":            "pyfly.yaml:1: password: ${DB_PASSWORD} is neither a key nor an environment variable: set DB_PASSWORD, or give a default: ${DB_PASSWORD:...}",
		"password: ${DB_PASSWORD:${OTHER}}":   "pyfly.yaml:1: password: ${OTHER} is neither a key nor an environment variable: set OTHER, or give a default: ${OTHER:...}",
		"password: x${DB_PASSWORD}":           "pyfly.yaml:1: password: a placeholder in this secret is neither a key nor an environment variable: set what it names, or write $${ for a literal ${",
		"password: ${a.${b:x}}":               "pyfly.yaml:1: password: ${a.${b:...}} is neither a key nor an environment variable: set the key that it leads to, or give a default",
		"password: x${b":                      "pyfly.yaml:1: password: a placeholder in this secret is not complete: close it with }, or write $${ for a literal ${",
		"password: 'http://${u}:${p}@h/'":     "pyfly.yaml:1: password: a placeholder in this secret is neither a key nor an environment variable: set what it names, or write $${ for a literal ${",
		"password: 'x${b}'\nb: [1]":           "pyfly.yaml:1: password: a placeholder in this secret is a list and cannot be part of a text: refer to a single value",
		"password: http://${u}:${p}@h/\nu: x": "pyfly.yaml:1: password: a placeholder in this secret is neither a key nor an environment variable: set what it names, or write $${ for a literal ${",
	} {
		_, _, err := config.Value[string](loadYAML(t, yaml), "password")
		wantError(t, err, want)
	}
	_, _, err := config.Value[string](loadYAML(t, "url: http://${u}:${p}@h/\nu: x"), "url")
	wantError(t, err, "pyfly.yaml:1: url: ${p} is neither a key nor an environment variable: set p, or give a default: ${p:...}")
}
