// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"reflect"
	"slices"
)

// visibleField is a field of a struct or one that is promoted to it.
type visibleField struct {
	Field
	index []int // of the embedded structs on the way to it, and its own
}

// visibleFields returns the fields of a struct and those of the structs that it
// embeds, in the order of their declaration. As in Go, of fields of one name the
// least embedded counts, and none if there are several such.
func visibleFields(t *Type) []visibleField {
	all := allFields(t, nil, nil)
	type level struct{ depth, count int }
	least := map[string]level{}
	for _, f := range all {
		l, known := least[f.Name]
		switch depth := len(f.index); {
		case !known || depth < l.depth:
			least[f.Name] = level{depth, 1}
		case depth == l.depth:
			l.count++
			least[f.Name] = l
		}
	}
	return slices.DeleteFunc(all, func(f visibleField) bool {
		return least[f.Name] != level{len(f.index), 1}
	})
}

// allFields returns the fields of a struct and of all that it embeds. within are
// the structs that it is embedded in.
func allFields(t *Type, index []int, within []*Type) (all []visibleField) {
	if t.Kind != reflect.Struct || slices.Contains(within, t) {
		return nil
	}
	within = append(slices.Clone(within), t)
	for i, f := range t.Fields {
		at := append(slices.Clone(index), i)
		all = append(all, visibleField{f, at})
		if f.Embedded {
			all = append(all, allFields(f.Type.target(), at, within)...)
		}
	}
	return all
}
