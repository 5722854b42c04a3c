// SPDX-License-Identifier: Apache-2.0

package container

import "time"

// BeanInfo tells what a context knows of one bean.
type BeanInfo struct {
	Name         string        `json:"name"`
	Type         string        `json:"type"`  // what it is registered as: "*catalog.Service"
	Scope        string        `json:"scope"` // "singleton"
	Stereotype   string        `json:"stereotype,omitempty"`
	Order        int           `json:"order,omitempty"`
	Primary      bool          `json:"primary,omitempty"`
	Dependencies []string      `json:"dependencies,omitempty"` // names of the beans it was given
	Location     string        `json:"location"`               // where it was registered: "catalog/main.go:30"
	Took         time.Duration `json:"took"`                   // from the call of its constructor until it could be injected
}

// Beans lists the beans in the order in which they are started: what a bean
// depends on comes before it, else by registration. It may be called at any
// time; what is not known before the start is zero. What the context itself
// offers is not listed.
func (app *ApplicationContext) Beans() []BeanInfo {
	var g *graph
	if started := app.beans.Load(); started != nil {
		g = started.graph
	} else {
		g = newGraph(app.definitions, app.overrides)
	}
	var infos []BeanInfo
	for _, d := range g.inStartOrder() {
		if !d.isInfrastructure {
			infos = append(infos, d.info())
		}
	}
	return infos
}

func (d *definition) info() BeanInfo {
	info := BeanInfo{
		Name: d.name, Type: d.typ.String(), Scope: "singleton", Stereotype: d.stereotype,
		Order: d.order, Primary: d.primary, Location: d.at.String(), Took: d.built.took,
	}
	for _, needed := range d.needs {
		if !needed.isInfrastructure {
			info.Dependencies = append(info.Dependencies, needed.name)
		}
	}
	return info
}
