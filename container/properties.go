// SPDX-License-Identifier: Apache-2.0

package container

import (
	"reflect"

	"github.com/pyfly-go/pyfly/config"
)

// Properties binds the settings below prefix to a new T and registers it as a
// bean of type *T, which constructors may also take as T, or as [Live][T] to
// follow changes. T is a struct with `koanf` tags; see config.Config.Bind for
// what its fields may be. All wrong settings are in the report of Start, and keys
// below prefix that no field has are warned of. Variables set the keys with PYFLY_
// before the prefix: PYFLY_SHOP_NAME sets shop.name.
func Properties[T any](app *ApplicationContext, prefix string, opts ...BeanOption) {
	app.ownPrefix(prefix, validateProperties[T](prefix))
	app.Register(func(cfg *config.Config) (*T, error) { return bindProperties[T](cfg, prefix) }, append([]BeanOption{Stereotype("properties"), propertiesOf(prefix)}, opts...)...)
	if reflect.TypeFor[T]().Kind() != reflect.Struct {
		return // Bind reports it
	}
	app.registerHidden(func(properties *T) T { return *properties }, " by value")
	live := newLive[T](app, prefix)
	app.registerHidden(func(_ T, cfg *config.Config) Live[T] { return live.value.begin(cfg) }, " live")
	app.registerHidden(func(l Live[T]) *Live[T] { return &l }, " live by pointer")
}

// ownPrefix lets variables set the settings of a properties bean, also without
// config.Env, and validates them.
func (app *ApplicationContext) ownPrefix(prefix string, validate func(*config.Config) error) {
	app.config.AddPrefix(prefix)
	app.AddValidator(validate)
}

func validateProperties[T any](prefix string) func(*config.Config) error {
	return func(cfg *config.Config) error {
		_, err := bindProperties[T](cfg, prefix)
		return err
	}
}

func bindProperties[T any](cfg *config.Config, prefix string) (*T, error) {
	cfg.AddPrefix(prefix)
	properties := new(T)
	return properties, cfg.Bind(prefix, properties)
}

// registerHidden registers another form of a bean, which is made if somebody
// needs it.
func (app *ApplicationContext) registerHidden(constructor any, form string) {
	d := newDefinition(constructor, callerStack(), nil)
	d.name += form
	d.isInfrastructure = true
	d.scope = ScopeLazySingleton
	app.register(d)
}

func propertiesOf(prefix string) BeanOption {
	return func(d *definition) { d.prefix = prefix }
}
