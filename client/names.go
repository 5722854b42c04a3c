// SPDX-License-Identifier: Apache-2.0

package client

import (
	"fmt"
	"reflect"

	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/internal/declaration"
	"github.com/pyfly-go/pyfly/internal/naming"
)

// nameTag returns the name that the client's tag gives it, or "".
func (d *Declaration) nameTag() string { return declaration.NameTag(string(d.marker.Tag)) }

// clientNames are the names of the clients of an application.
type clientNames struct {
	byType map[reflect.Type]string
	first  map[string]reflect.Type // by name, the first of the types that have it
}

type clientNamesKey struct{}

func namesIn(app *container.ApplicationContext) clientNames {
	return app.BeanTypes().Find(clientNamesKey{}, func(types []reflect.Type) any { return namesOf(types) }).(clientNames)
}

// namesOf names the clients among some types of beans: by the tag, or by the type,
// with the package in front where two packages have a client of one type name.
func namesOf(types []reflect.Type) clientNames {
	names := clientNames{map[reflect.Type]string{}, map[string]reflect.Type{}}
	var unnamed []reflect.Type
	for _, t := range types {
		t = naming.Base(t)
		marker, ok := markerOf(t)
		if !ok {
			continue
		}
		name := declaration.NameTag(string(marker.Tag))
		if name == "" {
			unnamed = append(unnamed, t)
			continue
		}
		names.add(t, name)
	}
	distinct := naming.Distinct(unnamed, naming.Kebab, func(name string) bool { return names.first[name] != nil })
	for _, t := range unnamed {
		names.add(t, distinct[t])
	}
	return names
}

func (n clientNames) add(t reflect.Type, name string) {
	n.byType[t] = name
	if n.first[name] == nil {
		n.first[name] = t
	}
}

// namedIn returns the declaration with the name that the client has in an
// application, and an error if another client has it too. app may be nil.
func (d *Declaration) namedIn(app *container.ApplicationContext) (*Declaration, error) {
	if app == nil {
		return d, nil
	}
	names := namesIn(app)
	name, isBean := names.byType[d.typ]
	if !isBean { // a condition keeps it out
		return d, nil
	}
	named := *d
	named.Name = name
	if other := names.first[name]; other != d.typ {
		return &named, named.sameName(other)
	}
	return &named, nil
}

// sameName says that another type of client has the name of this one: they would
// share their settings, and nobody could tell them apart in errors.
func (d *Declaration) sameName(other reflect.Type) error {
	return wrongDeclaration(d.Type, fmt.Sprintf("the client %s has the name %q too: give one of them another by the tag name", nameOfType(other), d.Name))
}

// warnOfLongerName tells where the settings of a client are if it has not the name
// of its type.
func (p *HttpClientBeanPostProcessor) warnOfLongerName(d *Declaration) {
	short := naming.OfType(d.typ, naming.Kebab)
	if d.nameTag() != "" || d.Name == short {
		return
	}
	p.log().Warn("two packages have a client of this type name: the settings of this one have another key",
		"client", d.typ.String(), "key", settings.ServicesPrefix+d.Name, "instead of", settings.ServicesPrefix+short)
}
