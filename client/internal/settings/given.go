// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/config"
)

// given returns the level of settings that a declaration or code gives, or nil
// if there are none.
func (r *resolver) given(g Given, name string) *level {
	if len(g.Values) == 0 {
		return nil
	}
	l := &level{name: name, origin: g.Origin, shown: map[string]string{}}
	l.cfg = config.New(r.expandAll(l, "", g.Values))
	l.cfg.AddShortForms(givenForms...)
	return l
}

// expandAll returns a copy of a group of values with placeholders expanded.
func (r *resolver) expandAll(l *level, path string, values map[string]any) map[string]any {
	expanded := maps.Clone(values)
	for _, key := range sorted(values) {
		name := path + key
		switch value := values[key].(type) {
		case map[string]any:
			expanded[key] = r.expandAll(l, name+".", value)
		case string:
			l.shown[nameOf(name)] = r.cfg.ExpandRedacted(value)
			expanded[key] = r.expandText(l, name, value)
		case []string:
			texts, shown := make([]string, len(value)), make([]string, len(value))
			for i, text := range value {
				texts[i], shown[i] = r.expandText(l, name, text), r.cfg.ExpandRedacted(text)
			}
			l.shown[nameOf(name)] = strings.Join(shown, ", ")
			expanded[key] = texts
		}
	}
	return expanded
}

// expandText expands the placeholders of a text. It does not expand those of
// the base URL, because another level may replace it.
func (r *resolver) expandText(l *level, name, text string) string {
	if name != "base-url" {
		expanded, err := r.cfg.Expand(text)
		if err != nil {
			r.report(l.origin, l.origin+": "+r.own()+l.name+nameOf(name), err)
		}
		text = expanded
	}
	return strings.ReplaceAll(text, "${", "$${")
}

// expandHeaders expands the placeholders of a method's declared headers.
func (r *resolver) expandHeaders(m *Method) http.Header {
	if len(m.Headers) == 0 {
		return nil
	}
	expanded := make(http.Header, len(m.Headers))
	for name, values := range m.Headers {
		for _, value := range values {
			text, err := r.cfg.Expand(value)
			where := fmt.Sprintf("%s.%s: the header %s", r.declaration.Type, cmp.Or(m.Field, m.Name), name)
			switch {
			case err != nil:
				r.report(r.declaration.Tag.Origin, where, err)
			case strings.ContainsFunc(text, isControl):
				r.report(r.declaration.Tag.Origin, where+": its value has a control character such as a line break", nil)
			default:
				expanded.Add(name, text)
			}
		}
	}
	return expanded
}
