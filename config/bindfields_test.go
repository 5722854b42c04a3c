// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
)

// bound has a field of every shape.
type bound struct {
	Name    string            `koanf:"name"`
	Wait    *time.Duration    `koanf:"wait"`
	Absent  *section          `koanf:"absent"`
	Section section           `koanf:"section"`
	Squash  section           `koanf:",squash"`
	Hosts   []string          `koanf:"hosts"`
	Nested  []section         `koanf:"nested"`
	Headers map[string]string `koanf:"headers"`
	Extra   any               `koanf:"extra"`
	Default int               `koanf:"default" default:"7"`

	zeros []string
}

type section struct {
	Size     int    `koanf:"size"`
	Password string `koanf:"password"`
	Label    string `koanf:"label"`
}

func (b *bound) SetExplicitZero(key string) { b.zeros = append(b.zeros, key) }
func (b *bound) Validate() error            { return errors.New("it is not asked") }

// text writes fields as "name=value@origin".
func text(fields []config.Field) string {
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = fmt.Sprintf("%s=%v@%s", f.Name, f.Value, strings.TrimPrefix(f.Origin.String(), "environment variable "))
	}
	return strings.Join(texts, " ")
}

func TestBindFieldsReturnsWhatIsSet(t *testing.T) {
	for name, c := range map[string]struct {
		yaml string
		env  map[string]string
		want string
	}{
		"nothing":            {yaml: "other: 1"},
		"single values":      {yaml: "x:\n  name: a\n  wait: 2s", want: "name=a@pyfly.yaml:2 wait=2s@pyfly.yaml:3"},
		"null":               {yaml: "x: {name: null}"},
		"a section":          {yaml: "x: {section: {size: 3}}", want: "section.size=3@pyfly.yaml:1"},
		"an absent section":  {yaml: "x: {absent: {}}"},
		"a present section":  {yaml: "x: {absent: {label: a}}", want: "absent.label=a@pyfly.yaml:1"},
		"squashed":           {yaml: "x: {size: 3, label: a}", want: "size=3@pyfly.yaml:1 label=a@pyfly.yaml:1"},
		"a list":             {yaml: "x: {hosts: [a, b]}", want: "hosts=[a b]@pyfly.yaml:1"},
		"a list of sections": {yaml: "x: {nested: [{size: 1}]}", want: "nested=[{1  }]@pyfly.yaml:1"},
		"a map":              {yaml: "x:\n  headers:\n    A: 1\n    b: 2", want: "headers.A=1@pyfly.yaml:3 headers.b=2@pyfly.yaml:4"},
		"anything":           {yaml: "x: {extra: {a: [1, {b: 2}]}}", want: "extra=map[a:[1 map[b:2]]]@pyfly.yaml:1"},
		"a placeholder":      {yaml: "y: a\nx: {name: '${y}'}", want: "name=a@pyfly.yaml:2"},
		"a group elsewhere":  {yaml: "y: {size: 3}\nx: {section: '${y}'}", want: "section.size=3@pyfly.yaml:1"},
		"variables": {
			yaml: "x: {section: {size: 3}}", env: map[string]string{"X_SECTION_SIZE": "4", "X_HOSTS_0": "a", "X_HEADERS_C": "d"},
			want: "section.size=4@X_SECTION_SIZE hosts=[a]@X_HOSTS_0 headers.c=d@X_HEADERS_C",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			var b bound
			fields, err := loadYAML(t, c.yaml, config.Env("X")).BindFields("x", &b)
			require.NoError(t, err)
			assert.Equal(t, c.want, text(fields))
			for _, f := range fields {
				assert.Equal(t, "x."+f.Name, f.Key)
			}
			assert.Equal(t, 7, b.Default)
		})
	}
}

func TestBindFieldsBindsLevelsOverEachOther(t *testing.T) {
	cfg := loadYAML(t, "low: {name: a, size: 3, hosts: [a, b]}\nhigh: {size: 0, hosts: [c]}")
	var b bound
	_, err := cfg.BindFields("low", &b)
	require.NoError(t, err)
	fields, err := cfg.BindFields("high", &b)
	require.NoError(t, err)
	assert.Equal(t, "size=0@pyfly.yaml:2 hosts=[c]@pyfly.yaml:2", text(fields))
	assert.Equal(t, bound{Name: "a", Hosts: []string{"c"}, Default: 7}, b)
}

func TestBindFieldsTellsZeros(t *testing.T) {
	var b bound
	_, err := loadYAML(t, "x: {name: ''}").BindFields("x", &b)
	require.NoError(t, err)
	assert.Equal(t, []string{"name"}, b.zeros)
}

func TestBindFieldsLeavesOutFields(t *testing.T) {
	cfg := loadYAML(t, "x: {name: a, size: 1, section: {size: 3, label: a}, headers: {size: 1}}")
	var b bound
	fields, err := cfg.BindFields("x", &b, "size", "name")
	require.NoError(t, err)
	assert.Equal(t, "section.label=a@pyfly.yaml:1 headers.size=1@pyfly.yaml:1", text(fields))
	var unknown []string
	for _, key := range cfg.UnknownKeys("x") {
		unknown = append(unknown, key.Key)
	}
	assert.Equal(t, []string{"x.name", "x.section.size", "x.size"}, unknown)
}

func TestBindFieldsHidesSecrets(t *testing.T) {
	cfg := loadYAML(t, "db: {password: sesame}\nx: {name: 'a ${db.password}', label: http://me:sesame@host, section: {password: sesame, size: 4}}")
	var b bound
	fields, err := cfg.BindFields("x", &b)
	require.NoError(t, err)
	got := map[string]string{}
	for _, f := range fields {
		got[f.Name] = f.Text
	}
	assert.Equal(t, map[string]string{"name": "a ******", "label": "http://******@host", "section.password": "******", "section.size": "4"}, got)
}

func TestBindFieldsReturnsFieldsBesideWrongOnes(t *testing.T) {
	var b bound
	fields, err := loadYAML(t, "x: {size: soon, label: a, wait: later}").BindFields("x", &b)
	assert.ErrorContains(t, err, `x.size: "soon"`)
	assert.ErrorContains(t, err, `x.wait: "later"`)
	assert.Equal(t, "label=a@pyfly.yaml:1", text(fields))
	_, err = config.New(nil).BindFields("x", b)
	assert.ErrorContains(t, err, "pass a pointer to a struct")
}
