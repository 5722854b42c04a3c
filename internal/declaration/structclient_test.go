// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/resilience"
)

func TestAClientIsReadWhole(t *testing.T) {
	c := clientOf(
		service(`url:"http://${host}:80" name:"shop" headers:"X-A: 1; X-A: 2" retry:"4" failure-threshold:"7" recovery-timeout:"60s" retry-base-delay:"0" timeout:"2" total-timeout:"9s" bulkhead:"3" rate-limit:"0.5" hedge:"100ms"`),
		field("Get", method(aProduct, stringType, pointer(intType), headerType), `get:"/products/{id}{?page}" timeout:"5s" headers:"Accept-Language: de"`),
		field("Pay", variadic(method(onlyError, productType, optionsType)), `post:"/payments?token=t0k3n" idempotent:"true" content-type:"application/xml"`),
		field("Watch", method(aSequence), `get:"/events" reconnect:"true" accept:"text/event-stream"`),
		field("logger", pointer(structOf("Logger")), ""),
		field("hook", noFunction, ""),
	)
	require.Empty(t, c.Problems)
	assert.Equal(t, []any{"ShopClient", "shop", "shop", true, "ServiceClient", "http://${host}:80"},
		[]any{c.Type, c.Name, c.NameTag, c.IsService, c.Marker, c.URL})
	assert.Equal(t, []string{"1", "2"}, c.Headers["X-A"])
	assert.Equal(t, Resilience{
		Retry: true, CircuitBreaker: true, MaxAttempts: 4, BaseDelay: resilience.NoDelay, FailureThreshold: 7, RecoveryTimeout: time.Minute,
		Timeout: 2 * time.Second, TotalTimeout: 9 * time.Second, Bulkhead: 3, RateLimit: 0.5, Hedge: 100 * time.Millisecond,
	}, c.Resilience)
	assert.True(t, c.Has("hedge"))
	assert.False(t, c.Has("circuit-breaker"))

	require.Len(t, c.Methods, 3)
	get, pay, watch := c.Methods[0], c.Methods[1], c.Methods[2]
	assert.Equal(t, []any{"Get", "GET", "/products/{id}{?page}", []int{1}, 5 * time.Second, productType, false},
		[]any{get.Name, get.Verb, get.Path, get.Index, get.Timeout, get.Result(), get.Streams()})
	assert.Equal(t, "de", get.Headers.Get("Accept-Language"))
	assert.Equal(t, []Parameter{
		{Name: "id", In: "path", Type: stringType, IsText: true},
		{Name: "page", In: "query", Type: get.Func.Params[2].Type, Arg: 1, IsText: true, Variable: 1},
		{In: "header", Type: headerType, Arg: 2, Variable: -1},
	}, get.Parameters)
	assert.Equal(t, []any{"/payments?token=******", true, "application/xml", true},
		[]any{pay.Path, pay.Idempotent, pay.ContentType, pay.EncodesBody})
	assert.Nil(t, pay.Result())
	assert.Equal(t, []any{true, "text/event-stream", true, productType}, []any{watch.Reconnect, watch.Accept, watch.Streams(), watch.Element()})
}

func TestAPlainClientHasNoPolicies(t *testing.T) {
	assert.Equal(t, Resilience{}, clientOf(plain("")).Resilience)
	assert.Equal(t, Resilience{Retry: true, CircuitBreaker: true}, clientOf(service("")).Resilience)
	assert.Equal(t, Resilience{}, clientOf(service(`retry:"false" circuit-breaker:"false"`)).Resilience)
}

func TestProblemsOfAClient(t *testing.T) {
	for name, c := range map[string]struct {
		client *Client
		want   string
	}{
		"no struct":             {OfStruct(intType, "x"), "int: embeds neither client.HttpClient nor client.ServiceClient"},
		"a struct without name": {OfStruct(&Type{Kind: reflect.Struct, String: "struct {}"}, ""), "struct {}: embeds neither"},
		"two markers":           {clientOf(plain(""), service("")), "ShopClient: embeds client.ServiceClient besides client.HttpClient: embed one"},
		"a marker as a field":   {clientOf(plain(""), field("Other", httpClientType, "")), "ShopClient: embeds client.HttpClient besides client.HttpClient"},
		"an unknown tag":        {clientOf(plain(`uri:"x"`)), `ShopClient.HttpClient: unknown tag "uri": it may be one of url, name`},
		"retry of a plain one":  {clientOf(plain(`retry:"3"`)), "embed client.ServiceClient for retry"},
		"a tag without quotes":  {clientOf(plain(`url:http://x`)), "ShopClient.HttpClient: its tag cannot be read"},
		"a name":                {clientOf(plain(`name:"a b"`)), `name "a b"`},
		"attempts":              {clientOf(service(`retry:"0"`)), `retry "0": write true, false or a number`},
		"a switch":              {clientOf(service(`circuit-breaker:"yes"`)), `circuit-breaker "yes": write true or false`},
		"a number":              {clientOf(service(`failure-threshold:"-1"`)), `failure-threshold "-1": write a number of at least 1`},
		"a rate":                {clientOf(plain(`rate-limit:"NaN"`)), `rate-limit "NaN": write a number of calls a second above 0`},
		"a duration":            {clientOf(plain(`timeout:"soon"`)), `timeout "soon": write a duration`},
		"a negative duration":   {clientOf(plain(`hedge:"-1s"`)), `hedge "-1s": write a duration`},
		"headers":               {clientOf(plain(`headers:"X Y: a"`)), `headers "X Y: a": "X Y: a" is no header`},
		"a header's value":      {clientOf(plain(`headers:"X-Y: a\nb"`)), "the value of the header X-Y has a control character"},
		"secret headers":        {clientOf(plain(`headers:"X-Api-Key t0k3n"`)), "headers: one of them cannot be sent"},
		"a field with a verb":   {clientOf(plain(""), field("Get", stringType, `get:"/x"`)), "ShopClient.Get: has the verb get but is a string"},
		"no verb":               {clientOf(plain(""), field("Get", method(onlyError), "")), "ShopClient.Get: has no verb"},
		"two verbs":             {clientOf(plain(""), field("Get", method(onlyError), `get:"/x" post:"/y"`)), "Get: has two verbs, get and post"},
		"unexported":            {clientOf(plain(""), field("get", method(onlyError), `get:"/x"`)), "get: is unexported"},
		"a misspelt verb":       {clientOf(plain(""), field("Get", method(onlyError), `gte:"/x"`)), `Get: unknown tag "gte": it may be one of get, post`},
	} {
		t.Run(name, func(t *testing.T) { assertProblem(t, c.client, c.want) })
	}
}

// assertProblem checks that one of the client's problems says what is wanted, and
// that none shows a secret.
func assertProblem(t *testing.T, c *Client, want string) {
	t.Helper()
	var texts []string
	for _, p := range c.Problems {
		assert.Equal(t, c.Type, p.Type)
		assert.NotContains(t, p.Error(), "t0k3n")
		texts = append(texts, p.Error())
	}
	assert.Contains(t, strings.Join(texts, "\n"), want)
}
