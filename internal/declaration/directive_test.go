// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDirectives(t *testing.T) {
	for line, want := range map[string]Directive{
		`//pyfly:service-client url:"http://x:80/a b" retry:"3"`: {Name: "service-client", Tags: `url:"http://x:80/a b" retry:"3"`},
		"//pyfly:http-client":                                                {Name: "http-client"},
		"//pyfly:get /payments/{payment_id}":                                 {Name: "get", Path: "/payments/{payment_id}"},
		"//pyfly:post\t/payments  idempotent:\"true\" \t headers:\"X-A: b\"": {Name: "post", Path: "/payments", Tags: "idempotent:\"true\" \t headers:\"X-A: b\""},
		"//pyfly:get products":                                               {Name: "get", Path: "products"},
	} {
		got, ok, err := ParseDirective(line)
		assert.True(t, ok, line)
		assert.NoError(t, err, line)
		assert.Equal(t, want, got, line)
	}
	for _, line := range []string{"// GetPayment returns one payment.", "//go:generate go tool pyfly generate", "//", "// See pyfly:get.", "/* pyfly:get */", "//pyflyer:get /x"} {
		_, ok, err := ParseDirective(line)
		assert.False(t, ok, line)
		assert.NoError(t, err, line)
	}
}

func TestWrongDirectives(t *testing.T) {
	for line, want := range map[string]string{
		"// pyfly:get /x":                "is no directive because of the space after the slashes: write //pyfly:get",
		"//\tpyfly:http-client":          "write //pyfly:http-client",
		"//pyfly:gte /x":                 `has the unknown directive "gte": it may be one of http-client, service-client, get, post, put, delete, patch, head, options; did you mean get?`,
		"//pyfly:serviceclient":          "did you mean service-client?",
		"//pyfly:":                       `has the unknown directive ""`,
		"//pyfly:get":                    "has no path: write //pyfly:get /path",
		`//pyfly:post idempotent:"true"`: "has no path: write //pyfly:post /path",
		`//pyfly:get:"/x"`:               "has its path in a tag: write //pyfly:get /path",
		`//pyfly:get "/x?token=t0k3n"`:   "has quotes around its path: write //pyfly:get /x?token=******",
	} {
		_, ok, err := ParseDirective(line)
		assert.True(t, ok, line)
		assert.ErrorContains(t, err, want, line)
	}
}

func TestQueryNames(t *testing.T) {
	for value, want := range map[string][]QueryName{
		"inStock":            {{"inStock", ""}},
		"inStock, pageSize":  {{"inStock", ""}, {"pageSize", ""}},
		"X-From=from,sortBy": {{"X-From", "from"}, {"sortBy", ""}},
	} {
		got, err := ParseQueryNames(value)
		assert.NoError(t, err, value)
		assert.Equal(t, want, got, value)
	}
	for value, want := range map[string]string{
		"":        "a name is missing",
		"a,,b":    "a name is missing",
		"=from":   "a name is missing",
		"X-From=": "write the parameter that is sent as X-From: X-From=parameter",
	} {
		_, err := ParseQueryNames(value)
		assert.ErrorContains(t, err, want, value)
	}
}
