// SPDX-License-Identifier: Apache-2.0

package container

import "reflect"

// definitions is a list of definitions that are found by type and by name.
type definitions struct {
	list        []*definition
	byType      map[reflect.Type][]*definition
	byName      map[string][]*definition
	byInterface map[reflect.Type]*interfaceSearch
	interfaces  []*definition // that are registered as one
}

// interfaceSearch is a search for what is an interface, as far as it has come.
type interfaceSearch struct {
	found    []*definition
	searched int // so many of the list
}

func (ds *definitions) add(d *definition) {
	if ds.byType == nil {
		ds.byType, ds.byName = map[reflect.Type][]*definition{}, map[string][]*definition{}
		ds.byInterface = map[reflect.Type]*interfaceSearch{}
	}
	ds.list = append(ds.list, d)
	ds.byName[d.name] = append(ds.byName[d.name], d)
	ds.byType[d.typ] = append(ds.byType[d.typ], d)
	if d.typ.Kind() == reflect.Interface {
		ds.interfaces = append(ds.interfaces, d)
	}
	if d.made != d.typ {
		ds.byType[d.made] = append(ds.byType[d.made], d)
	}
}

// find returns the definitions of beans that are a t, whatever their groups, in
// the order in which they were added.
func (ds *definitions) find(t reflect.Type) []*definition {
	if t.Kind() != reflect.Interface {
		return ds.byType[t]
	}
	search := ds.byInterface[t]
	if search == nil {
		search = &interfaceSearch{}
		if ds.byInterface != nil {
			ds.byInterface[t] = search
		}
	}
	for _, d := range ds.list[search.searched:] {
		if d.isA(t) {
			search.found = append(search.found, d)
		}
	}
	search.searched = len(ds.list)
	return search.found
}

// usableAs returns the definitions that are registered as an interface that t
// implements.
func (ds *definitions) usableAs(t reflect.Type) (usable []*definition) {
	for _, d := range ds.interfaces {
		if t.Implements(d.typ) {
			usable = append(usable, d)
		}
	}
	return usable
}
