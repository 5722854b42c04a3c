// SPDX-License-Identifier: Apache-2.0

package uritemplate_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

type section struct {
	Variables map[string]any `json:"variables"`
	Testcases [][2]any       `json:"testcases"`
}

func read(t testing.TB, file string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

// valuesOf turns the suite's variables into values.
func valuesOf(t *uritemplate.Template, variables map[string]any) (values []uritemplate.Value) {
	for _, name := range t.Names {
		values = append(values, valueOf(variables[name]))
	}
	return values
}

func valueOf(variable any) (value uritemplate.Value) {
	switch v := variable.(type) {
	case nil:
		value.Missing = true
	case []any:
		value.Kind = uritemplate.List
		for _, member := range v {
			value.List = append(value.List, fmt.Sprint(member))
		}
	case map[string]any:
		value.Kind = uritemplate.Pairs
		for _, key := range slices.Sorted(maps.Keys(v)) {
			value.Pairs = append(value.Pairs, [2]string{key, fmt.Sprint(v[key])})
		}
	default:
		value.Text = fmt.Sprint(v)
	}
	return value
}

// texts gives every variable the same text.
func texts(t *uritemplate.Template, text string) (values []uritemplate.Value) {
	for range t.Names {
		values = append(values, uritemplate.Value{Text: text})
	}
	return values
}

func check(t *testing.T, name string, s section) {
	t.Helper()
	if len(s.Testcases) == 0 {
		t.Errorf("%s has no cases", name)
	}
	for _, c := range s.Testcases {
		source := c[0].(string)
		template, err := uritemplate.Parse(source)
		if err != nil {
			t.Errorf("%s: %s: %v", name, source, err)
			continue
		}
		wanted, isList := c[1].([]any)
		if !isList {
			wanted = []any{c[1]}
		}
		if got := string(template.Append(nil, valuesOf(template, s.Variables))); !slices.Contains(wanted, any(got)) {
			t.Errorf("%s: %s is %q, want one of %q", name, source, got, wanted)
		}
	}
}

func TestTheExamplesOfTheRFC(t *testing.T) {
	var suite struct {
		Variables map[string]any
		Sections  map[string][][2]any
	}
	read(t, "spec-examples-by-section.json", &suite)
	for name, cases := range suite.Sections {
		check(t, name, section{suite.Variables, cases})
	}
}

func TestTheExtendedExamples(t *testing.T) {
	var suite map[string]section
	read(t, "extended-tests.json", &suite)
	for name, s := range suite {
		check(t, name, s)
	}
}

func TestWrongTemplatesAreRefused(t *testing.T) {
	var suite map[string]section
	read(t, "negative-tests.json", &suite)
	for _, c := range suite["Failure Tests"].Testcases {
		if _, err := uritemplate.Parse(c[0].(string)); err == nil {
			t.Errorf("%s was accepted", c[0])
		}
	}
	for source, want := range map[string]string{
		"a b": "percent-encoded", "50%": "does not begin a percent-encoded character", "{}": "empty expression {}",
		"{?}": "empty expression {?}", "{a..b}": "is not a valid variable", "{a:0}": "is not a valid prefix length", "{a:10000}": "is not a valid prefix length", "}": "without a '{'",
		"{a": "without a '}'", "{a,,b}": "is not a valid variable",
	} {
		if _, err := uritemplate.Parse(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", source, err, want)
		}
	}
}

func TestAPartGivesItsSource(t *testing.T) {
	const source = "/a{+b,c*}{/d:3}{?e,f*}{&g}x"
	template, err := uritemplate.Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, part := range template.Parts {
		got += part.String()
	}
	if got != source {
		t.Errorf("got %s, want %s", got, source)
	}
}

func TestExpansionAllocatesNothingOfItsOwn(t *testing.T) {
	template, err := uritemplate.Parse("/products/{id}{?page,size}")
	if err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, 0, 100)
	values := texts(template, "a b")
	if n := testing.AllocsPerRun(100, func() { _ = template.Append(buffer, values) }); n != 0 {
		t.Errorf("an expansion allocates %v times", n)
	}
}

// FuzzExpand checks that what a value becomes can be read back, and leaves its
// place.
func FuzzExpand(f *testing.F) {
	f.Add("value", "/products/{x}{?y*}")
	f.Add("../..", "{+x}{/y}{;x}{.y}")
	f.Add("ä\x00%41?#", "{x:3}{&y}")
	f.Fuzz(func(t *testing.T, text, source string) {
		template, err := uritemplate.Parse(source)
		if err == nil {
			template.Append(nil, texts(template, text))
		}
		simple, err := uritemplate.Parse("{x}")
		if err != nil {
			t.Fatal(err)
		}
		escaped := string(simple.Append(nil, texts(simple, text)))
		if strings.ContainsAny(escaped, "/?#&;=") {
			t.Errorf("%q leaves its place as %q", text, escaped)
		}
		if back, err := url.PathUnescape(escaped); err != nil || back != text {
			t.Errorf("%q became %q, which reads as %q, %v", text, escaped, back, err)
		}
	})
}
