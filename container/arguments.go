// SPDX-License-Identifier: Apache-2.0

package container

import "reflect"

// arguments assembles what the constructor is called with.
func (m *maker) arguments(b *bean) ([]reflect.Value, *Problem) {
	if len(b.dependsOn) > 0 {
		for _, needed := range b.needs {
			if needed.scope == prototype {
				continue
			}
			if _, problem := m.obtain(needed, b); problem != nil {
				return nil, problem
			}
		}
	}
	args := make([]reflect.Value, len(b.injections))
	for i := range b.injections {
		v, problem := m.assemble(&b.injections[i], b)
		if problem != nil {
			return nil, problem
		}
		args[i] = v
	}
	return args, nil
}

// assemble makes one argument for owner of the beans it consists of.
func (m *maker) assemble(in *injection, owner *bean) (reflect.Value, *Problem) {
	switch in.kind {
	case injectOne:
		return m.obtain(in.beans[0], owner)
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

func (m *maker) assembleFields(in *injection, owner *bean) (reflect.Value, *Problem) {
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

func (m *maker) assembleSlice(in *injection, owner *bean) (reflect.Value, *Problem) {
	list := reflect.MakeSlice(in.typ, 0, len(in.beans))
	for _, b := range in.beans {
		v, problem := m.obtain(b, owner)
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

func (m *maker) assembleMap(in *injection, owner *bean) (reflect.Value, *Problem) {
	table := reflect.MakeMapWithSize(in.typ, len(in.beans))
	for _, b := range in.beans {
		v, problem := m.obtain(b, owner)
		if problem != nil {
			return v, problem
		}
		table.SetMapIndex(reflect.ValueOf(b.name).Convert(in.typ.Key()), v)
	}
	return table, nil
}
