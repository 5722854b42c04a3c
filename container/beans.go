// SPDX-License-Identifier: Apache-2.0

package container

import "time"

// BeanInfo tells what a context knows of one bean.
type BeanInfo struct {
	Name         string        `json:"name"`
	Type         string        `json:"type"`             // what it is registered as: "*catalog.Service"
	Scope        string        `json:"scope"`            // "singleton", "lazy singleton" or "prototype"
	Module       string        `json:"module,omitempty"` // that registered it: "shop/client"
	Stereotype   string        `json:"stereotype,omitempty"`
	Prefix       string        `json:"prefix,omitempty"` // of the settings that it holds, if [Properties] registered it
	Order        int           `json:"order,omitempty"`
	Primary      bool          `json:"primary,omitempty"`
	Phase        int           `json:"phase,omitempty"`
	Dependencies []string      `json:"dependencies,omitempty"` // names of the beans it was given
	Location     string        `json:"location"`               // where it was registered: "catalog/main.go:30"
	Took         time.Duration `json:"took"`                   // from the call of its constructor until it could be injected
}

// Beans lists the beans in the order in which they are started: what a bean
// depends on comes before it, else by registration. It may be called at any
// time; what is not known before the start is zero. What the context itself
// offers is not listed.
func (app *ApplicationContext) Beans() []BeanInfo {
	g := app.latestGraph()
	var infos []BeanInfo
	for _, b := range g.order {
		if !b.isInfrastructure {
			infos = append(infos, b.info())
		}
	}
	return infos
}

// latestGraph is the graph of the last start, or that of a start to come.
func (app *ApplicationContext) latestGraph() *graph {
	if r := app.last.Load(); r != nil && r.graph != nil {
		return r.graph
	}
	return app.newGraph()
}

func (b *bean) info() BeanInfo {
	info := BeanInfo{
		Name: b.name, Type: b.typ.String(), Scope: b.scope.String(), Module: b.module.path(), Stereotype: b.stereotype, Prefix: b.prefix,
		Order: b.order, Primary: b.primary, Phase: b.startPhase, Location: b.callers.location().String(), Took: b.took,
	}
	for _, needed := range b.needs {
		if !needed.isInfrastructure {
			info.Dependencies = append(info.Dependencies, needed.name)
		}
	}
	return info
}
