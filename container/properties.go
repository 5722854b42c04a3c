// SPDX-License-Identifier: Apache-2.0

package container

import (
	"reflect"

	"github.com/pyfly-go/pyfly/config"
)

// Properties binds the settings below prefix to a new T and registers it as a
// bean of type *T, which constructors may also take as T. T is a struct with
// `koanf` tags; see config.Config.Bind for what its fields may be. All wrong
// settings are in the report of Start.
func Properties[T any](app *ApplicationContext, prefix string, opts ...BeanOption) {
	bind := func(cfg *config.Config) (*T, error) {
		properties := new(T)
		return properties, cfg.Bind(prefix, properties)
	}
	app.AddValidator(func(cfg *config.Config) error {
		_, err := bind(cfg)
		return err
	})
	app.Register(bind, append([]BeanOption{Stereotype("properties"), propertiesOf(prefix)}, opts...)...)
	if reflect.TypeFor[T]().Kind() != reflect.Struct {
		return // Bind reports it
	}
	byValue := newDefinition(func(properties *T) T { return *properties }, callerStack(), nil)
	byValue.name += " by value"
	byValue.isInfrastructure = true
	app.register(byValue)
}

func propertiesOf(prefix string) BeanOption {
	return func(d *definition) { d.prefix = prefix }
}
