// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"slices"
	"strings"
)

// difference returns the keys whose values in c are not those in before, sorted.
func (c *Config) difference(before *Config) []string {
	asked := before.asked.all()
	then, now := before.values(asked), c.values(asked)
	then.addVariables(now.variables)
	now.addVariables(then.variables)
	var keys []string
	for id, v := range now.byID {
		if was, ok := then.byID[id]; !ok || was.text != v.text {
			keys = append(keys, v.key)
		}
	}
	for id, v := range then.byID {
		if _, ok := now.byID[id]; !ok {
			keys = append(keys, v.key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// keyValue is the value of a key with its placeholders replaced, as text that
// tells it from others.
type keyValue struct{ key, text string }

// values are all settings.
type values struct {
	byID      map[string]keyValue // by canonical key
	variables map[string]string   // the identifiers of keys that variables set
	alone     map[string]keyValue // by variables whose keys are not known
}

func (c *Config) values(asked []askedKey) *values {
	all := &values{map[string]keyValue{}, map[string]string{}, map[string]keyValue{}}
	c.visit(func(key string, n *node) {
		id := canonicalKey(key)
		all.byID[id] = keyValue{key, c.valueText(key, n)}
		if n.origin.Env != "" {
			all.variables[n.origin.Env] = id
		}
	}, func(key string, n *node) {
		all.alone[n.origin.Env] = keyValue{key, c.valueText(key, n)}
	}, asked)
	return all
}

// addVariables adds the values of variables whose keys are not known, under the
// keys that they set elsewhere.
func (all *values) addVariables(elsewhere map[string]string) {
	for name, v := range all.alone {
		id, isKnown := elsewhere[name]
		if !isKnown {
			id = "$" + name
		}
		all.byID[id] = v
	}
}

// visit calls setting with every scalar and list of files and code, or what the
// environment has in its place, and alone with every variable that sets none of
// these, under the key that was asked for or else a guess.
func (c *Config) visit(setting, alone func(key string, n *node), asked []askedKey) {
	isListed := map[string]bool{fileVariable: true, profilesVariable: true}
	c.merged.Load().root.leaves("", func(key string, n *node) {
		value := c.override(key, n)
		isListed[value.origin.Env] = isListed[value.origin.Env] || value.short == nil
		setting(key, value)
	})
	for _, v := range c.environment().unlike(isListed) {
		alone(v.key(asked), v.node())
	}
}

func (c *Config) valueText(key string, n *node) string {
	if n.isScalar() && !n.hasPlaceholders() {
		return n.literal()
	}
	e := expander{cfg: c, isSilent: true}
	var text strings.Builder
	e.write(&text, key, n)
	return text.String()
}

// write writes what n stands for. What cannot be replaced is written as it is.
func (e *expander) write(text *strings.Builder, key string, n *node) {
	found, at, err := e.resolve(key, n)
	switch {
	case err != nil:
		fmt.Fprintf(text, "!%q", n.literal())
	case found.list != nil:
		text.WriteByte('[')
		for i, element := range found.list {
			e.write(text, fmt.Sprintf("%s[%d]", at, i), element)
			text.WriteByte(',')
		}
		text.WriteByte(']')
	case found.group != nil:
		text.WriteByte('{')
		for _, child := range found.children() {
			fmt.Fprintf(text, "%q:", child.name)
			e.write(text, joinKey(at, child.name), child)
		}
		text.WriteByte('}')
	default:
		text.WriteString(found.literal())
	}
}
