// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"time"

	"github.com/pyfly-go/pyfly/container"
)

// applicationContext is the id of the context in responses.
const applicationContext = "application"

// contexts is Spring Boot's wrapper around beans.
type contexts[B any] struct {
	Beans map[string]B `json:"beans"`
}

// bean has Spring Boot's form, with additional fields.
type bean struct {
	Aliases      []string `json:"aliases"`
	Scope        string   `json:"scope"`
	Type         string   `json:"type"`
	Resource     string   `json:"resource"` // where it was registered: file:line
	Dependencies []string `json:"dependencies"`

	Stereotype string  `json:"stereotype,omitempty"`
	Module     string  `json:"module,omitempty"`
	Order      int     `json:"order"`
	Phase      int     `json:"phase"`
	Primary    bool    `json:"primary"`
	TookMs     float64 `json:"tookMs"`
}

type beans struct {
	Contexts map[string]contexts[bean] `json:"contexts"`
	Graph    container.Graph           `json:"graph"`
}

func beansOf(app *container.ApplicationContext) beans {
	all := map[string]bean{}
	for _, b := range app.Beans() {
		all[b.Name] = bean{
			Aliases: []string{}, Scope: string(b.Scope), Type: b.Type, Resource: b.Location, Dependencies: append([]string{}, b.Dependencies...),
			Stereotype: b.Stereotype, Module: b.Module, Order: b.Order, Phase: b.Phase, Primary: b.Primary, TookMs: milliseconds(b.Took),
		}
	}
	return beans{map[string]contexts[bean]{applicationContext: {all}}, app.Graph()}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
