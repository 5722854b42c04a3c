// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryKeyOfATagIsSeen(t *testing.T) {
	got, err := ParseTags(`url:"http://a b" name:"x\"y"   retry:"3"`)
	want := []Tag{{"url", "http://a b"}, {"name", `x"y`}, {"retry", "3"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTagsThatCannotBeRead(t *testing.T) {
	for source, want := range map[string]string{
		`url:http://x`:       "write key:\"value\" pairs",
		`url`:                "write key:\"value\" pairs",
		`:"x"`:               "write key:\"value\" pairs",
		`url:"http://x`:      "a closing quote is missing",
		`url:"a" name`:       "at \"name\"",
		`url:"a" url:"b"`:    `the key "url" twice`,
		`base url:"http://"`: "write key:\"value\" pairs",

		`url:"http://h" headers:"X-Api-Key: sesame`: `at "headers:******": a closing quote is missing`,
		`url:"http://ada:sesame@h`:                  `at "url:******": a closing quote is missing`,
		`retry:3 url:"http://ada:se/same@h"`:        `at "retry:******": write key`,
		`retry 3 url:"http://ada:sesame@h"`:         `at "retry...": write key`,
		`retry:"3 url:"http://sesame"`:              `at "http:******": write key`,
	} {
		if _, err := ParseTags(source); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%s: %v, want it to say %q", source, err, want)
		}
	}
}
