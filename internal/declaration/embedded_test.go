// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func crud() *Type {
	t := structOf("CRUD[User]",
		field("Get", method(aProduct, stringType), `get:"/{id}"`),
		field("Add", method(aProduct, productType), `post:"/"`),
	)
	t.Name = "CRUD"
	return t
}

func TestFunctionsOfEmbeddedStructsAreMethods(t *testing.T) {
	base := structOf("Base", embedded(crud()), field("Ping", method(onlyError), `head:"/"`))
	c := clientOf(
		plain(`url:"http://x"`),
		embedded(base),
		embedded(structOf("Mutex", field("state", intType, ""))),
		field("Add", method(onlyError, stringType), `post:"/other"`),
	)
	require.Empty(t, c.Problems)
	var got [][]any
	for _, m := range c.Methods {
		got = append(got, []any{m.Name, m.Field, m.Index})
	}
	assert.Equal(t, [][]any{
		{"Get", "Base.CRUD.Get", []int{1, 0, 0}}, {"Ping", "Base.Ping", []int{1, 1}}, {"Add", "Add", []int{3}},
	}, got, "Add of the client takes the place of the embedded one")
}

func TestFunctionsThatCannotBeWired(t *testing.T) {
	other := structOf("OtherClient", plain(""), field("Get", method(onlyError), `get:"/"`))
	wrong := structOf("Wrong", field("Get", method(onlyError), `get:"x"`), field("Put", method(onlyError, stringType), ""))
	withMarker := structOf("Base", service(""), field("Get", method(onlyError), `get:"/x"`))
	for name, c := range map[string]struct {
		fields []Field
		want   string
	}{
		"a named struct":          {[]Field{field("Users", crud(), "")}, "ShopClient.Users: has functions of a client, which are wired only in the client's struct and what it embeds: embed shop.CRUD[User]"},
		"an unexported one":       {[]Field{field("users", crud(), "")}, "ShopClient.users: has functions"},
		"a pointer to one":        {[]Field{field("Users", pointer(crud()), "")}, "ShopClient.Users: has functions"},
		"a struct in a struct":    {[]Field{field("All", structOf("All", field("Users", crud(), "")), "")}, "ShopClient.All: has functions"},
		"a client within":         {[]Field{field("Other", other, "")}, "ShopClient.Other: has functions"},
		"an embedded pointer":     {[]Field{embedded(pointer(crud()))}, "ShopClient.CRUD: is embedded as a pointer, behind which no function can be wired: embed shop.CRUD[User]"},
		"below an embedded one":   {[]Field{embedded(structOf("Base", field("Ping", method(onlyError), `get:"/"`), field("Users", crud(), "")))}, "ShopClient.Base.Users: has functions"},
		"wrong ones":              {[]Field{embedded(wrong)}, `ShopClient.Wrong.Get: the path "x" does not begin`},
		"one without a verb":      {[]Field{embedded(wrong)}, "ShopClient.Wrong.Put: has no verb"},
		"two of a name":           {[]Field{embedded(crud()), embedded(structOf("More", field("Get", method(onlyError), `get:"/"`)))}, "ShopClient.More.Get: is declared by another embedded struct, too: declare Get in ShopClient itself"},
		"a second marker":         {[]Field{embedded(withMarker)}, "ShopClient.Base: embeds client.ServiceClient besides client.HttpClient: embed one"},
		"a tag of an embedded":    {[]Field{{Name: "CRUD", Type: crud(), Tag: `headers:"X-A: b"`, Embedded: true, Exported: true}}, "ShopClient.CRUD: has the tag headers but is no function"},
		"a verb of an embedded":   {[]Field{{Name: "CRUD", Type: crud(), Tag: `get:"/x"`, Embedded: true, Exported: true}}, "ShopClient.CRUD: has the verb get but is a shop.CRUD[User]"},
		"an unexported function":  {[]Field{embedded(structOf("Base", field("get", method(onlyError), `get:"/"`)))}, "ShopClient.Base.get: is unexported"},
		"a wrong result of a one": {[]Field{embedded(structOf("Base", field("Get", method(nil), `get:"/"`)))}, "ShopClient.Base.Get: does not return error"},
	} {
		t.Run(name, func(t *testing.T) {
			client := clientOf(append([]Field{plain(`url:"http://x"`)}, c.fields...)...)
			var texts []string
			for _, p := range client.Problems {
				texts = append(texts, p.Error())
			}
			assert.Contains(t, joined(texts), c.want)
		})
	}
	assert.Empty(t, clientOf(plain(""), field("other", pointer(other), "")).Problems, "a client that is wired by itself")
}
