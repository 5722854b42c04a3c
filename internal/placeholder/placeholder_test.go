// SPDX-License-Identifier: Apache-2.0

package placeholder_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/internal/placeholder"
)

// shape writes parts as [literal], <name> and <name|default>.
func shape(parts []placeholder.Part) string {
	var b strings.Builder
	for _, p := range parts {
		switch {
		case !p.IsPlaceholder:
			b.WriteString("[" + p.Literal + "]")
		case p.HasDefault:
			b.WriteString("<" + p.Name + "|" + p.Default + ">")
		default:
			b.WriteString("<" + p.Name + ">")
		}
	}
	return b.String()
}

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"":                                "",
		"plain $5 {x} }":                  "[plain $5 {x} }]",
		"${a}":                            "<a>",
		"x${ a }y${b}":                    "[x]<a>[y]<b>",
		"${a:}":                           "<a|>",
		"${a: b }":                        "<a| b >",
		"${a:http://h:1/p}":               "<a|http://h:1/p>",
		"${a:${b:${c}}}":                  "<a|${b:${c}}>",
		"${a.${b:c}.d:e}":                 "<a.${b:c}.d|e>",
		"$${a}":                           "[${a}]",
		"$$${a}":                          "[$${a}]",
		"$${${a}}":                        "[${]<a>[}]",
		"${a}$${b}":                       "<a>[${b}]",
		"$":                               "[$]",
		"${a:$}":                          "<a|$>",
		"${a:/products/{id}}":             "<a|/products/{id}>",
		"${a:/products/{id}}/{b}":         "<a|/products/{id}>[/{b}]",
		"${a:{id}}":                       "<a|{id}>",
		"${a:{}}":                         "<a|{}>",
		`${a:{"x": {"y": [1]}}}`:          `<a|{"x": {"y": [1]}}>`,
		"${a:{${b}}}":                     "<a|{${b}}>",
		"${a:${b:{c}}/{d}}":               "<a|${b:{c}}/{d}>",
		"${a:{?q,page}}{&x}":              "<a|{?q,page}>[{&x}]",
		"${a:$${b}}":                      "<a|$${b}>",
		"${a:x{y}":                        "<a|x{y>", // not in pairs
		"${a:$${b}":                       "<a|$${b>",
		"${a:{}":                          "<a|{>",
		"http://${h}:${p:80}/{id}{?q}#$$": "[http://]<h>[:]<p|80>[/{id}{?q}#$$]",
	} {
		parts, err := placeholder.Parse(text)
		require.NoError(t, err, text)
		assert.Equal(t, want, shape(parts), text)
		sources := ""
		for _, p := range parts {
			sources += p.Source
		}
		assert.Equal(t, text, sources)
	}
}

func TestWhatIsNoPlaceholder(t *testing.T) {
	for text, want := range map[string]struct {
		err  error
		rest string
	}{
		"x${a":         {placeholder.ErrUnclosed, "${a"},
		"${a}${b:${c}": {placeholder.ErrUnclosed, "${b:${c}"},
		"${":           {placeholder.ErrUnclosed, "${"},
		"x${} y":       {placeholder.ErrNameless, "${} y"},
		"${ :b}":       {placeholder.ErrNameless, "${ :b}"},
	} {
		parts, err := placeholder.Parse(text)
		assert.ErrorIs(t, err, want.err, text)
		assert.Equal(t, want.rest, parts[len(parts)-1].Source, text)
	}
}

func TestWithoutDefaults(t *testing.T) {
	for text, want := range map[string]string{
		"a ${b} $${c}":         "a ${b} $${c}",
		"${b:x}":               "${b:...}",
		"${b.${c:x}:${d:x}} e": "${b.${c:...}:...} e",
		"a${b:x":               "a...",
		"${:x}":                "...",
	} {
		assert.Equal(t, want, placeholder.WithoutDefaults(text), text)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"${a:${b}}$${c}", "${a:{x}}", "$${", "${", "}{${a:}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parts, _ := placeholder.Parse(text)
		sources := ""
		for _, p := range parts {
			sources += p.Source
		}
		require.Equal(t, text, sources)
		escaped, err := placeholder.Parse(strings.ReplaceAll(text, "${", "$${"))
		require.NoError(t, err)
		literals := ""
		for _, p := range escaped {
			require.False(t, p.IsPlaceholder)
			literals += p.Literal
		}
		require.Equal(t, text, literals)
		placeholder.WithoutDefaults(text)
	})
}
