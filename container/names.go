// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"

	"github.com/pyfly-go/pyfly/internal/naming"
)

// isNumbered reports whether the bean gets a number where its name is taken: nobody
// asks for post-processors that are instances, and for members of a group, by name.
func (d *definition) isNumbered() bool { return (len(d.groups) > 0 || d.isAnonymous) && !d.isNamed }

// withDistinctNames returns the definitions with names by default that are unique:
// where types of two packages have one name, both get the package in front.
func withDistinctNames(definitions []*definition) []*definition {
	shared := sharedNames(definitions)
	if len(shared) == 0 {
		return definitions
	}
	taken := make(map[string]bool, len(definitions))
	var types []reflect.Type
	for _, d := range definitions {
		taken[d.name] = true
		if d.hasDefaultName() && shared[d.name] {
			types = append(types, d.nameOf)
		}
	}
	names := naming.Distinct(types, naming.Camel, func(name string) bool { return taken[name] })
	for i, d := range definitions {
		if d.hasDefaultName() && shared[d.name] {
			renamed := *d
			renamed.name = names[naming.Base(d.nameOf)]
			definitions[i] = &renamed
		}
	}
	return definitions
}

// sharedNames returns the names by default of two types.
func sharedNames(definitions []*definition) map[string]bool {
	types, shared := map[string]reflect.Type{}, map[string]bool{}
	for _, d := range definitions {
		if !d.hasDefaultName() {
			continue
		}
		t := naming.Base(d.nameOf)
		if other, known := types[d.name]; known && other != t {
			shared[d.name] = true
		}
		types[d.name] = t
	}
	return shared
}

func (d *definition) hasDefaultName() bool {
	return d.nameOf != nil && !d.isInfrastructure && !d.isNumbered()
}

// isCalled reports whether the definition has the name, or has it by default if
// another package registers a type of the same name.
func (d *definition) isCalled(name string) bool {
	return d.name == name || d.hasDefaultName() && naming.IsOfType(name, d.nameOf, naming.Camel)
}

// addName rejects a name that is taken.
func (g *graph) addName(b *node) {
	first, taken := g.byName[b.name]
	if taken && b.isNumbered() {
		numbered := *b.definition
		for n := max(2, g.numbers[b.name]); taken; n++ {
			numbered.name = fmt.Sprintf("%s#%d", b.name, n)
			g.numbers[b.name] = n + 1
			_, taken = g.byName[numbered.name]
		}
		b.definition = &numbered
	}
	if !taken {
		g.byName[b.name] = b
		return
	}
	p := &Problem{
		Code: CodeDuplicate, Bean: b.name,
		What:   fmt.Sprintf("two beans are named %q", b.name),
		Remedy: "give one of them another name with container.Named, or replace the first with app.Override",
	}
	g.problems = append(g.problems, p.detail("first", first.describe()).detail("second", b.describe()))
}
