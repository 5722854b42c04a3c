// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/kernel"
)

// badError is an error each method of which needs its receiver.
type badError struct{ inner error }

func (e *badError) Error() string        { return e.inner.Error() }
func (e *badError) Is(target error) bool { return e.inner == target }
func (e *badError) Unwrap() error        { return e.inner }

// unruly is a struct of settings the methods of which do what a test wants.
type unruly struct {
	Size int   `koanf:"size"`
	Mark *mark `koanf:"mark"`

	validate, tell func() error
}

func (u *unruly) Validate() error        { return u.validate() }
func (u *unruly) SetExplicitZero(string) { _ = u.tell() }

// mark is a text that cannot be read.
type mark struct{ name string }

func (m *mark) UnmarshalText(text []byte) error {
	if m.name = string(text); m.name == "panic" {
		panic((*badError)(nil))
	}
	return (*badError)(nil)
}

func TestUserCodeThatMisbehavesIsReported(t *testing.T) {
	nothing := func() error { return nil }
	for name, c := range map[string]struct {
		yaml   string
		target unruly
		want   string // the beginning
	}{
		"Validate returns a nil pointer": {"shop: {size: 1}", unruly{validate: func() error { return (*badError)(nil) }},
			"pyfly.yaml:1: shop: *config_test.badError (nil): its Error method panicked: "},
		"Validate joins a nil pointer": {"shop: {size: 1}", unruly{validate: func() error { return errors.Join((*badError)(nil), errPool) }},
			"pyfly.yaml:1: shop: *config_test.badError (nil): its Error method panicked: "},
		"Validate panics": {"shop: {size: 1}", unruly{validate: func() error { panic("no shelf") }},
			"pyfly.yaml:1: shop: panic: no shelf at "},
		"SetExplicitZero panics": {"shop: {size: 0}", unruly{tell: func() error { panic("no zero") }, validate: nothing},
			"pyfly.yaml:1: shop.size: SetExplicitZero: panic: no zero at "},
		"UnmarshalText returns a nil pointer": {"shop: {mark: x}", unruly{validate: nothing},
			`pyfly.yaml:1: shop.mark: "x" is not a valid config_test.mark: *config_test.badError (nil): its Error method panicked: `},
		"UnmarshalText panics": {"shop: {mark: panic}", unruly{validate: nothing},
			`pyfly.yaml:1: shop.mark: "panic" is not a valid config_test.mark: panic: `},
	} {
		t.Run(name, func(t *testing.T) {
			err := loadYAML(t, c.yaml).Bind("shop", &c.target)
			var wrong *config.Error
			if !errors.As(err, &wrong) || !errors.Is(err, kernel.ErrConfig) || errors.Is(err, kernel.ErrNoSuchBean) {
				t.Fatalf("got %v", err)
			}
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %v\nwant it to begin with %s", err, c.want)
			}
		})
	}
}
