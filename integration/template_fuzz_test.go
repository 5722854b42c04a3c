// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	reference "github.com/std-uritemplate/std-uritemplate/go/v2"

	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

// FuzzTemplateAgainstReference expands templates by another implementation of
// RFC 6570 as well. What only one of them takes for a template is no matter
// here: the RFC's own test suite tells.
func FuzzTemplateAgainstReference(f *testing.F) {
	for _, template := range []string{
		"/products/{text}", "/a{?text,list*}", "{+text}/x{#list}", "{.pairs*}{;text:3}{&pairs}", "{/list*,text}{none}", "100%25{text:2}",
	} {
		f.Add(template, "rake & hoe/ü", "a,b")
	}
	f.Fuzz(func(t *testing.T, source, first, second string) {
		if strings.ContainsFunc(source, func(r rune) bool { return r > 0x7f }) || // the reference copies them
			!isPlain(strings.NewReplacer("{", "", "}", "").Replace(source)) || !isPlain(first) || !isPlain(second) {
			return
		}
		ours, err := uritemplate.Parse(source)
		if err != nil {
			return
		}
		want, err := reference.Expand(source, reference.Substitutions{
			"text": first, "list": []string{first, second}, "pairs": map[string]string{"one": first},
		})
		if err != nil {
			return
		}
		known := map[string]uritemplate.Value{
			"text":  {Text: first},
			"list":  {Kind: uritemplate.List, List: []string{first, second}},
			"pairs": {Kind: uritemplate.Pairs, Pairs: [][2]string{{"one", first}}},
		}
		values := make([]uritemplate.Value, len(ours.Names))
		for i, name := range ours.Names {
			value, ok := known[name]
			value.Missing = !ok
			values[i] = value
		}
		if got := string(ours.Append(nil, values)); got != want {
			t.Errorf("%q with %q, %q: got %q, the reference %q", source, first, second, got, want)
		}
	})
}

// isPlain reports whether a text has none of the characters that no URI has,
// which the reference lets through where reserved ones may be, and no escapes.
func isPlain(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune("\"<>\\^`{|}%", r)
	})
}
