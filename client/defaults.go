// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// Defaults gives a client settings in code, for what a library or a team knows of
// its service:
//
//	client.Register[PaymentClient](app, client.Defaults(client.Settings{
//		Timeout: 5 * time.Second,
//		Retry:   resilience.RetryConfig{MaxAttempts: 5},
//	}))
//
// They come after the built-in settings and before all others: the settings of all
// clients in pyfly.yaml, the declaration's tag and the client's own keys win. As in
// pyfly.yaml, a policy of which there are settings is on. The last Defaults of a
// registration counts.
func Defaults(s Settings) container.BeanOption {
	given := &defaults{origin: "client.Defaults", settings: s}
	if _, file, line, ok := runtime.Caller(1); ok {
		dir, name := filepath.Split(filepath.ToSlash(file))
		given.origin = fmt.Sprintf("client.Defaults at %s/%s:%d", filepath.Base(dir), name, line)
	}
	return container.Attach("client.Defaults", given, func(c configurable) error {
		c.setDefaults(given)
		return nil
	})
}

// defaults are the settings of the option Defaults.
type defaults struct {
	origin   string
	settings Settings
}

// configurable is a pointer to a client.
type configurable interface{ setDefaults(*defaults) }

func (c *HttpClient) setDefaults(d *defaults)    { setDefaults(&c.wiring, d) }
func (c *ServiceClient) setDefaults(d *defaults) { setDefaults(&c.wiring, d) }

func setDefaults(w **wiring, d *defaults) {
	if *w == nil {
		*w = &wiring{}
	}
	(*w).defaults = d
}

// defaultsOf returns those of the options of a registration, or nil.
func defaultsOf(constructor any, opts []container.BeanOption) *defaults {
	attached := container.Attached(constructor, opts...)
	for _, value := range slices.Backward(attached) {
		if d, ok := value.(*defaults); ok {
			return d
		}
	}
	return nil
}

// addTo adds the defaults to what is known of a client. d may be nil.
func (d *defaults) addTo(declared *settings.Declaration) error {
	if d == nil {
		return nil
	}
	v := valuesOf{origin: d.origin, values: map[string]any{}}
	v.add("", "", reflect.ValueOf(d.settings))
	declared.Defaults = settings.Given{Origin: d.origin, Values: v.values}
	problems := v.problems
	for _, name := range slices.Sorted(maps.Keys(d.settings.Methods)) {
		i := slices.IndexFunc(declared.Methods, func(m settings.Method) bool { return m.Name == name })
		if i < 0 {
			problems = append(problems, fmt.Errorf("%w: %s: %s has no method %q", kernel.ErrConfig, d.origin, declared.Type, name))
			continue
		}
		v := valuesOf{origin: d.origin, values: map[string]any{}}
		v.add(fmt.Sprintf("Methods[%q].", name), "", reflect.ValueOf(d.settings.Methods[name]))
		declared.Methods[i].Defaults = settings.Given{Origin: d.origin, Values: v.values}
		problems = append(problems, v.problems...)
	}
	return errors.Join(problems...)
}

// valuesOf collects settings by their names.
type valuesOf struct {
	origin   string
	values   map[string]any
	problems []error
}

// add adds the fields of a struct that are not zero. path is what comes before them
// in code, prefix what comes before their names.
func (v *valuesOf) add(path, prefix string, fields reflect.Value) {
	for i := range fields.NumField() {
		field, value := fields.Type().Field(i), fields.Field(i)
		name := field.Tag.Get("koanf")
		switch isCode := name == "-" || name == "name"; {
		case value.IsZero() || field.Name == "Methods":
		case isCode:
			v.problems = append(v.problems, fmt.Errorf("%w: %s: %s cannot be given here: the client sets it itself",
				kernel.ErrConfig, v.origin, path+field.Name))
		case value.Kind() == reflect.Struct:
			v.add(path+field.Name+".", prefix+name+".", value)
		default:
			v.values[prefix+name] = settingOf(prefix, value.Interface())
		}
	}
}

// settingOf returns a value as a settings file would have it. What means "none" in
// code, where zero means the default, is zero there.
func settingOf(prefix string, value any) any {
	switch value := value.(type) {
	case Switch:
		return value == On
	case map[string]string:
		entries := map[string]any{}
		for name, text := range value {
			entries[name] = text
		}
		return entries
	case time.Duration:
		if value == resilience.NoDelay {
			return time.Duration(0)
		}
	case config.ByteSize:
		return max(value, 0)
	case float64:
		if prefix == "retry.budget." {
			return max(value, 0)
		}
	}
	return value
}
