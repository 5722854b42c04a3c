// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func joined(texts []string) string { return strings.Join(texts, "\n") }

func TestTheNearestRightFormIsSuggested(t *testing.T) {
	get := method(onlyError)
	for name, c := range map[string]struct {
		client *Client
		want   string
	}{
		"a tag of a marker":    {clientOf(plain(`ulr:"x"`)), `unknown tag "ulr": it may be one of url, name, headers, timeout, total-timeout, bulkhead, rate-limit, hedge; did you mean url?`},
		"a longer one":         {clientOf(service(`recover-timeout:"1s"`)), "; did you mean recovery-timeout?"},
		"a verb":               {withMethod(get, `gte:"/x"`), "; did you mean get?"},
		"a tag of a method":    {withMethod(get, `get:"/x" idempotant:"true"`), "; did you mean idempotent?"},
		"a variable":           {withMethod(method(onlyError, stringType), `get:"/a/:id"`), `the path "/a/:id" has the segment ":id": write {id}, or %3Aid for a colon`},
		"a shell's variable":   {withMethod(method(onlyError, stringType), `get:"/a/${id}"`), `the path "/a/${id}" has ${id}: write {id}`},
		"a place":              {withMethod(method(onlyError, structOf("Search", field("Page", intType, `qeury:"page"`))), `post:"/x"`), `Search.Page: unknown tag "qeury"; did you mean query?`},
		"a default":            {withMethod(method(onlyError, structOf("Search", field("Page", intType, `query:"page" defualt:"1"`))), `get:"/x"`), `Search.Page: unknown tag "defualt"; did you mean default?`},
		"a body of DELETE":     {withMethod(method(onlyError, productType), `delete:"/x"`), "DELETE has no body; to send one, take a struct with a field tagged `body:\"\"`"},
		"options in a slice":   {withMethod(method(onlyError, optionsType), `get:"/x"`), "takes a []client.CallOption: make it ...client.CallOption, the last parameter"},
		"one option":           {withMethod(method(onlyError, optionsType.Elem), `post:"/x"`), "takes a client.CallOption: make it ...client.CallOption"},
		"HEAD":                 {withMethod(method(aProduct), `head:"/x"`), "returns a shop.Product, but the response to HEAD has no body: return error, client.Response[struct{}] or *http.Response"},
		"HEAD with a stream":   {withMethod(method(aBody), `head:"/x"`), "returns a io.ReadCloser, but the response to HEAD has no body"},
		"HEAD with a sequence": {withMethod(method(aSequence), `head:"/x"`), "but the response to HEAD has no body"},
		"a POST again":         {withMethod(method(aSequence), `post:"/x" reconnect:"true"`), "reconnects, which would send the POST again at each end of the stream: remove the tag reconnect"},
		"a PATCH again":        {withMethod(method(aSequence), `patch:"/x" idempotent:"true" reconnect:"true"`), "reconnects, which would send the PATCH again"},
	} {
		t.Run(name, func(t *testing.T) { assertProblem(t, c.client, c.want) })
	}
}

func TestWhatIsNearARuleButRight(t *testing.T) {
	deletion := structOf("Deletion", field("ID", stringType, `path:"id"`), field("Reason", productType, `body:""`))
	body := structOf("Body", field("Size", intType, `json:"size" default:"1" param:"size" url:"x"`))
	for name, c := range map[string]*Client{
		"a colon within a segment":  withMethod(method(onlyError, stringType), `post:"/a/{id}:cancel"`),
		"a colon that is encoded":   withMethod(method(onlyError), `get:"/a/%3Aid"`),
		"a colon before a digit":    withMethod(method(onlyError), `get:"/a/:-)"`),
		"a dollar":                  withMethod(method(onlyError), `get:"/$batch"`),
		"a body of DELETE by a tag": withMethod(method(onlyError, deletion), `delete:"/{id}" content-type:"application/xml"`),
		"HEAD with a response":      withMethod(method(aResponse), `head:"/x"`),
		"HEAD with an answer":       withMethod(method(anAnswer), `head:"/x"`),
		"HEAD with an error":        withMethod(method(onlyError), `head:"/x"`),
		"a POST that ends":          withMethod(method(aSequence), `post:"/x" reconnect:"false"`),
		"a PUT again":               withMethod(method(aSequence), `put:"/x" reconnect:"true"`),
		"tags for somebody else":    withMethod(method(onlyError, body), `post:"/x"`),
		"one that is near a place":  withMethod(method(onlyError, structOf("Body", field("A", intType, `json:"a" patch:"x"`))), `post:"/x"`),
		"one beside a place":        withMethod(method(onlyError, structOf("Search", field("A", intType, `query:"a" patch:"x"`))), `get:"/x"`),
	} {
		assert.Empty(t, c.Problems, name)
	}
}

func TestBaseURLs(t *testing.T) {
	const scheme = ": write a URL that begins with http:// or https://"
	for text, want := range map[string]string{
		"http://host":                    "",
		"https://me:pw@host:8443/a":      "",
		"http://[::1]:80":                "",
		"http://host:":                   "",
		"${host}:99999":                  "",
		"http://host:99999":              "its port is not valid: write a number from 1 to 65535",
		"http://host:0":                  "its port is not valid",
		"http://host:80a":                "its port is not valid",
		"http://host:-1":                 "its port is not valid",
		"inventory:8080":                 `its scheme is "inventory"` + scheme + "; did you mean http://inventory:8080?",
		"inventory":                      `its scheme is ""` + scheme + "; did you mean http://inventory?",
		"//inventory/a":                  "did you mean http://inventory/a?",
		"http:/inventory":                "it has no host: write one such as http://inventory-service:8080; did you mean http://inventory?",
		"htps://inventory":               "did you mean https://inventory?",
		"ftp://inventory":                `its scheme is "ftp"` + scheme,
		"http://":                        "it has no host",
		"http://%":                       "it cannot be read as a URL",
		"http://h?a=b":                   "it has a query or a fragment",
		"me:t0k3n@host":                  `its scheme is "me"` + scheme,
		"http://me:t0k3n/x@host":         "its port is not valid",
		"http://me:t0k3n@host:99999":     `url "http://******@host:99999": its port is not valid`,
		"localhost:8080/?api_key=t0k3n!": `its scheme is "localhost"` + scheme,
	} {
		c := clientOf(plain("url:" + strconv.Quote(text)))
		if want == "" {
			assert.Empty(t, c.Problems, text)
			continue
		}
		if assert.Len(t, c.Problems, 1, text) {
			assertProblem(t, c, want)
		}
	}
	assert.NotContains(t, clientOf(plain(`url:"ftp://inventory"`)).Problems[0].What, "did you mean", "nothing is near")
}
