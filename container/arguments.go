// SPDX-License-Identifier: Apache-2.0

package container

import "reflect"

// arguments assembles what the constructor is called with.
func (m *maker) arguments(owner *instance) ([]reflect.Value, *Problem) {
	if len(owner.dependsOn) > 0 {
		for _, needed := range owner.needs {
			if needed.scope == ScopePrototype {
				continue
			}
			if _, problem := m.obtain(needed, owner); problem != nil {
				return nil, problem
			}
		}
	}
	args := make([]reflect.Value, len(owner.injections))
	for i := range owner.injections {
		v, problem := m.assemble(&owner.injections[i], owner)
		if problem != nil {
			return nil, problem
		}
		args[i] = v
	}
	return args, nil
}

// take returns the value of a bean for owner.
func (m *maker) take(n *node, owner *instance) (reflect.Value, *Problem) {
	i, problem := m.obtain(n, owner)
	if problem != nil {
		return reflect.Value{}, problem
	}
	return i.value, nil
}

// assemble makes one argument for owner of the beans it consists of.
func (m *maker) assemble(in *injection, owner *instance) (reflect.Value, *Problem) {
	switch in.kind {
	case injectOne:
		return m.take(in.beans[0], owner)
	case injectProvider:
		return m.provider(in.typ, in.target, owner), nil
	case injectFields:
		return m.assembleFields(in, owner)
	case injectSlice:
		return m.assembleSlice(in, owner)
	case injectMap:
		return m.assembleMap(in, owner)
	}
	return reflect.Zero(in.typ), nil
}

func (m *maker) assembleFields(in *injection, owner *instance) (reflect.Value, *Problem) {
	object := reflect.New(in.typ).Elem()
	for i := range in.fields {
		f := &in.fields[i]
		v, problem := m.assemble(&f.injection, owner)
		if problem != nil {
			return v, problem
		}
		object.Field(f.index).Set(v)
	}
	return object, nil
}

func (m *maker) assembleSlice(in *injection, owner *instance) (reflect.Value, *Problem) {
	list := reflect.MakeSlice(in.typ, 0, len(in.beans))
	for _, b := range in.beans {
		v, problem := m.take(b, owner)
		if problem != nil {
			return v, problem
		}
		if b.isFlattened {
			for i := range v.Len() {
				list = reflect.Append(list, v.Index(i))
			}
			continue
		}
		list = reflect.Append(list, v)
	}
	return list, nil
}

func (m *maker) assembleMap(in *injection, owner *instance) (reflect.Value, *Problem) {
	table := reflect.MakeMapWithSize(in.typ, len(in.beans))
	for _, b := range in.beans {
		v, problem := m.take(b, owner)
		if problem != nil {
			return v, problem
		}
		table.SetMapIndex(reflect.ValueOf(b.name).Convert(in.typ.Key()), v)
	}
	return table, nil
}
