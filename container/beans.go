// SPDX-License-Identifier: Apache-2.0

package container

import (
	"encoding/json"
	"slices"
	"time"
)

// BeanInfo is what a context knows of one bean. In JSON, durations are the text of
// time.Duration.String.
type BeanInfo struct {
	Name         string        `json:"name"`
	Type         string        `json:"type"` // what it is registered as: "*catalog.Service"
	Scope        Scope         `json:"scope"`
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

// MarshalJSON implements json.Marshaler.
func (b BeanInfo) MarshalJSON() ([]byte, error) {
	type plain BeanInfo
	return json.Marshal(struct {
		plain
		Took string `json:"took"`
	}{plain(b), b.Took.String()})
}

// Beans returns the beans in the order in which they are started: each after those
// that it depends on, else in the order of registration. It may be called at any
// time. Fields that are not known before the start are zero. What the context itself
// offers is left out.
func (app *ApplicationContext) Beans() []BeanInfo {
	view := app.latest()
	var infos []BeanInfo
	for _, b := range view.graph.order {
		if !b.isInfrastructure {
			infos = append(infos, view.info(b))
		}
	}
	return infos
}

// view is what is known of the beans of the last start, or of a start to come.
type view struct {
	graph *graph
	slots []slot // by position; nil if nothing was made
}

func (app *ApplicationContext) latest() view {
	r := app.last.Load()
	switch {
	case r == nil || r.graph == nil:
		return view{graph: app.newGraph()}
	case r.maker == nil:
		return view{graph: r.graph}
	}
	return view{r.graph, r.maker.snapshot()}
}

// snapshot returns what has been made so far; instances that are complete do not
// change any more.
func (m *maker) snapshot() []slot {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.slots)
}

// instance returns a bean that is complete, or nil.
func (v view) instance(b *node) *instance {
	if v.slots == nil || v.slots[b.position].state != complete {
		return nil
	}
	return v.slots[b.position].instance
}

// phase is the phase of a bean as far as it is known.
func (v view) phase(b *node) int {
	if i := v.instance(b); i != nil {
		return i.phase
	}
	if b.givenPhase != nil {
		return *b.givenPhase
	}
	return 0
}

func (v view) info(b *node) BeanInfo {
	info := BeanInfo{
		Name: b.name, Type: b.typ.String(), Scope: b.scope, Module: b.module.path(), Stereotype: b.stereotype, Prefix: b.prefix,
		Order: b.order, Primary: b.primary, Phase: v.phase(b), Location: b.callers.location().String(),
	}
	if i := v.instance(b); i != nil {
		info.Took = i.took
	}
	for _, needed := range b.needs {
		if !needed.isInfrastructure {
			info.Dependencies = append(info.Dependencies, needed.name)
		}
	}
	return info
}
