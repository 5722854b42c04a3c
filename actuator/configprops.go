// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"strings"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// properties has Spring Boot's form.
type properties struct {
	Prefix     string            `json:"prefix"`
	Properties map[string]string `json:"properties"`
	Inputs     map[string]input  `json:"inputs"`
}

type input struct {
	Value  string `json:"value"`
	Origin string `json:"origin"`
}

type configProps struct {
	Contexts map[string]contexts[properties] `json:"contexts"`
	Settings []config.Entry                  `json:"settings"` // all settings that are set, secrets hidden
}

func configPropsOf(app *container.ApplicationContext, cfg *config.Config) configProps {
	all := map[string]properties{}
	names := secretNamesOf(cfg)
	for _, b := range app.Beans() {
		if b.Prefix != "" {
			all[b.Name] = propertiesOf(cfg, b.Prefix, names)
		}
	}
	return configProps{map[string]contexts[properties]{applicationContext: {all}}, names.entries(cfg, "")}
}

func propertiesOf(cfg *config.Config, prefix string, names secretNames) properties {
	p := properties{Prefix: prefix, Properties: map[string]string{}, Inputs: map[string]input{}}
	for _, e := range names.entries(cfg, prefix) {
		name := strings.TrimPrefix(strings.TrimPrefix(e.Key, prefix), ".")
		p.Properties[name] = e.Value
		p.Inputs[name] = input{e.Value, e.Origin}
	}
	return p
}
