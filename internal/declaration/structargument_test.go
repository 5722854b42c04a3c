// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAStructSaysWhereItsFieldsGo(t *testing.T) {
	paging := structOf("Paging", field("Page", intType, `query:"page" default:"1"`), field("Shop", intType, `query:"hidden"`))
	search := structOf("Search",
		embedded(pointer(paging)),
		field("Shop", stringType, `path:"shop"`),
		field("Sort", slice(stringType), `query:"sort,omitempty"`),
		field("Since", pointer(timeType), `query:"since" layout:"2006-01-02"`),
		field("Tenant", stringType, `header:"X-Tenant"`),
		field("Theme", stringType, `cookie:"theme"`),
		field("internal", intType, ""),
	)
	for name, argument := range map[string]*Type{"a struct": search, "a pointer to one": pointer(search)} {
		t.Run(name, func(t *testing.T) {
			c := withMethod(method(onlyError, argument), `get:"/{shop}{?sort}"`)
			require.Empty(t, c.Problems)
			want := []Parameter{
				{Name: "page", In: "query", Type: intType, Index: []int{0, 0}, IsText: true, Variable: -1, Default: "1"},
				{Name: "shop", In: "path", Type: stringType, Index: []int{1}, IsText: true, Variable: 0},
				{Name: "sort", In: "query", Index: []int{2}, IsText: true, Variable: 1, Omit: true},
				{Name: "since", In: "query", Index: []int{3}, IsText: true, Variable: -1, Layout: "2006-01-02"},
				{Name: "X-Tenant", In: "header", Type: stringType, Index: []int{4}, IsText: true, Variable: -1},
				{Name: "theme", In: "cookie", Type: stringType, Index: []int{5}, IsText: true, Variable: -1},
			}
			got := c.Methods[0].Parameters
			for i := range min(len(got), len(want)) {
				if want[i].Type == nil {
					got[i].Type = nil
				}
			}
			assert.Equal(t, want, got)
		})
	}
}

func TestAStructMayBeAFormOrHaveABody(t *testing.T) {
	upload := structOf("Upload", field("Title", stringType, `form:"title"`), field("Files", slice(fileType), `form:"file"`))
	m := withMethod(method(onlyError, upload), `post:"/x"`).Methods[0]
	assert.True(t, m.HasForm && m.HasFiles && !m.EncodesBody)
	assert.False(t, m.Parameters[1].IsText)

	order := structOf("Order", field("ID", stringType, `path:"id"`), field("Body", bytesType, `body:""`))
	m = withMethod(method(onlyError, order), `put:"/{id}"`).Methods[0]
	assert.False(t, m.HasForm || m.EncodesBody)
	assert.Equal(t, "body", m.Parameters[1].In)
}

func TestProblemsOfAStructArgument(t *testing.T) {
	id := field("ID", stringType, `path:"id"`)
	for name, c := range map[string]struct {
		fields []Field
		want   string
	}{
		"no place":               {[]Field{id, field("Page", intType, "")}, "Search.Page has no place: tag it with one of path, query"},
		"two places":             {[]Field{id, field("Page", intType, `query:"a" header:"b"`)}, "Search.Page has two places, query and header"},
		"an unknown option":      {[]Field{id, field("Page", intType, `query:"a,omitzero"`)}, `Search.Page: unknown option "omitzero"`},
		"an unexported field":    {[]Field{id, field("page", intType, `query:"a"`)}, "Search.page is unexported"},
		"a tag without quotes":   {[]Field{id, field("Page", intType, `query:a`)}, "takes a shop.Search: Page: its tag cannot be read"},
		"an unknown variable":    {[]Field{id, field("Page", intType, `path:"page"`)}, "Search.Page goes into {page}, but the path"},
		"a header name":          {[]Field{id, field("Page", intType, `header:"a b"`)}, `"a b" is no header name`},
		"a cookie name":          {[]Field{id, field("Page", intType, `cookie:""`)}, `"" is no name of a cookie`},
		"no name":                {[]Field{id, field("Page", intType, `query:""`)}, "query needs a name: write `query:\"name\"`"},
		"a layout of a number":   {[]Field{id, field("Page", intType, `query:"a" layout:"2006"`)}, "Search.Page is a int, which cannot be written as query"},
		"a struct in the query":  {[]Field{id, field("Page", productType, `query:"a"`)}, "Search.Page is a shop.Product, which cannot be written"},
		"a body with a name":     {[]Field{id, field("Page", productType, `body:"a"`)}, "a body has no name"},
		"a second body":          {[]Field{id, field("A", productType, `body:""`), field("B", productType, `body:""`)}, "Search.B is a second body"},
		"a body beside a form":   {[]Field{id, field("A", stringType, `form:"a"`), field("B", productType, `body:""`)}, "Search.B is a second body"},
		"a form beside a body":   {[]Field{id, field("A", productType, `body:""`), field("B", stringType, `form:"b"`)}, "Search.B is a field of a form, but there is a body"},
		"a variable without one": {[]Field{field("Page", intType, `query:"page"`)}, "has a variable {id} that no argument gives"},
	} {
		t.Run(name, func(t *testing.T) {
			assertProblem(t, withMethod(method(onlyError, structOf("Search", c.fields...)), `put:"/{id}"`), c.want)
		})
	}
	form := structOf("Form", field("Name", stringType, `form:"name"`))
	assertProblem(t, withMethod(method(onlyError, form), `get:"/x"`), "Form.Name is a field of a form, but GET has no body")
}

func TestOfFieldsOfOneNameTheLeastEmbeddedCounts(t *testing.T) {
	deep := structOf("Deep", field("A", intType, ""), field("B", intType, ""))
	left := structOf("Left", embedded(deep), field("C", intType, ""), field("A", intType, ""))
	right := structOf("Right", field("C", intType, ""), field("D", intType, ""))
	self := structOf("Self", field("D", intType, ""))
	self.Fields = append(self.Fields, embedded(pointer(self)), embedded(left), embedded(right))
	var got []string
	for _, f := range visibleFields(self) {
		got = append(got, f.Name)
	}
	assert.Equal(t, []string{"D", "Self", "Left", "Deep", "B", "A", "Right"}, got)
}
