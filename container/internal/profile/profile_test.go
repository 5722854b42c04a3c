// SPDX-License-Identifier: Apache-2.0

package profile_test

import (
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/container/internal/profile"
)

func TestExpressions(t *testing.T) {
	cases := map[string]string{ // by expression, for which of the profiles a, a,b and none it holds
		"a":                  "a a,b",
		"!a":                 "none",
		"!!a":                "a a,b",
		"a & b":              "a,b",
		"a&!b":               "a",
		"a | b":              "a a,b",
		"!a | b":             "a,b none",
		"b | a & !b":         "a a,b",
		"(b | a) & !b":       "a",
		"!(a & b)":           "a none",
		" \t( ( a ) ) \n":    "a a,b",
		"my-profile.2 | !!b": "a,b",
	}
	for expression, want := range cases {
		test, err := profile.Parse(expression)
		if err != nil {
			t.Errorf("%q: %v", expression, err)
			continue
		}
		var holds []string
		for _, active := range []string{"a", "a,b", "none"} {
			if test(strings.Split(active, ",")) {
				holds = append(holds, active)
			}
		}
		if got := strings.Join(holds, " "); got != want {
			t.Errorf("%q holds for %q, want %q", expression, got, want)
		}
	}
}

func TestWrongExpressions(t *testing.T) {
	deep := strings.Repeat("(", 10_000) + "a" + strings.Repeat(")", 10_000)
	for expression, want := range map[string]string{
		"": "a profile's name is missing", "  ": "a profile's name is missing", "a &": "a profile's name is missing",
		"| a": "a profile's name is missing", "!": "a profile's name is missing", "()": "a profile's name is missing",
		"(a": "a ) is missing", "a)": `unexpected ")"`, "a b": `unexpected "b"`, "a ! b": `unexpected "! b"`,
		deep: "too many parentheses",
	} {
		if _, err := profile.Parse(expression); err == nil || err.Error() != want {
			t.Errorf("%.20q: %v, want %q", expression, err, want)
		}
	}
	if _, err := profile.Parse(strings.Repeat("!", 1_000_000) + "a"); err != nil {
		t.Error(err)
	}
}
