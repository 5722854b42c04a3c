// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// signature is a function whose parameters have names.
func signature(results []*Type, params ...Param) *Func {
	return &Func{Params: append([]Param{{"ctx", contextType}}, params...), Results: results}
}

func withOptions(f *Func) *Func {
	f.Params, f.Variadic = append(f.Params, Param{"opts", optionsType}), true
	return f
}

func interfaceOf(methods ...InterfaceMethod) *Client {
	return OfInterface(&Interface{
		Type: "PaymentClient", Name: "payment-client", Methods: methods,
		Comment: []string{"// PaymentClient pays.", "//", `//pyfly:service-client url:"http://payments" retry:"3"`},
	})
}

func interfaceWith(directive string, f *Func) *Client {
	return interfaceOf(InterfaceMethod{"Call", []string{"// Call calls.", directive}, f})
}

func TestAnInterfaceIsReadWhole(t *testing.T) {
	c := interfaceOf(
		InterfaceMethod{"GetPayment", []string{"//pyfly:get /payments/{payment_id}"}, signature(aProduct, Param{"paymentID", stringType})},
		InterfaceMethod{"CreatePayment", []string{`//pyfly:post /payments idempotent:"true" timeout:"5s"`}, withOptions(signature(aProduct, Param{"body", productType}))},
	)
	require.Empty(t, c.Problems)
	assert.Equal(t, []any{"PaymentClient", "payment-client", "service-client", true, "http://payments", 3},
		[]any{c.Type, c.Name, c.Marker, c.IsService, c.URL, c.MaxAttempts})
	require.Len(t, c.Methods, 2)
	assert.Equal(t, []any{"GetPayment", "GET", "/payments/{payment_id}"}, []any{c.Methods[0].Name, c.Methods[0].Verb, c.Methods[0].Path})
	assert.True(t, c.Methods[1].Idempotent && c.Methods[1].EncodesBody)
}

func TestWhereNamedParametersGo(t *testing.T) {
	number := &Type{Kind: reflect.Interface, Name: "N", String: "N", IsTypeParam: true, Terms: []*Type{intType, stringType}}
	anything := &Type{Kind: reflect.Interface, Name: "T", String: "T", IsTypeParam: true}
	search := structOf("Search", field("Term", stringType, `query:"q"`), field("Tenant", stringType, `header:"X-Tenant"`))
	id := Param{"paymentID", stringType}
	for name, c := range map[string]struct {
		directive string
		fn        *Func
		want      []string
	}{
		"by name, in any order":       {"//pyfly:get /{shop}/{payment_id}{?pageSize}", signature(aProduct, Param{"page_size", intType}, id, Param{"shop", stringType}), []string{"query pageSize", "path payment_id", "path shop"}},
		"the rest is the query":       {"//pyfly:get /payments", signature(aProduct, Param{"state", stringType}, Param{"pageSize", pointer(intType)}, Param{"productIDs", slice(stringType)}), []string{"query state", "query page_size", "query product_ids"}},
		"names that are spelt":        {`//pyfly:get /payments query:"inStock,pageSize"`, signature(aProduct, Param{"inStock", boolType}, Param{"pageSize", intType}, Param{"sortBy", stringType}), []string{"query inStock", "query pageSize", "query sort_by"}},
		"a name of its own":           {`//pyfly:get /payments query:"X-From=from"`, signature(aProduct, Param{"from", stringType}), []string{"query X-From"}},
		"a body":                      {"//pyfly:put /{payment_id}", signature(aProduct, id, Param{"body", productType}, Param{"dryRun", boolType}), []string{"path payment_id", "body ", "query dry_run"}},
		"a variable that body fits":   {"//pyfly:get /{body}", signature(aProduct, Param{"body", stringType}), []string{"path body"}},
		"what has a type of its own":  {"//pyfly:get /x", withOptions(signature(aProduct, Param{"h", headerType}, Param{"more", valuesType}, Param{"next", linkType})), []string{"header ", "query ", "url "}},
		"a struct with tags":          {"//pyfly:get /x", signature(aProduct, Param{"search", search}), []string{"query q", "header X-Tenant"}},
		"a form":                      {`//pyfly:post /x content-type:"application/x-www-form-urlencoded"`, signature(onlyError, Param{"form", valuesType}), []string{"body "}},
		"a type parameter":            {"//pyfly:post /{id}", signature([]*Type{anything, errorType}, Param{"id", number}, Param{"body", anything}), []string{"path id", "body "}},
		"a name with other fits none": {"//pyfly:get /x", signature(onlyError, Param{"h2o", stringType}), []string{"query h2o"}},
	} {
		t.Run(name, func(t *testing.T) {
			client := interfaceWith(c.directive, c.fn)
			require.Empty(t, client.Problems)
			var got []string
			for _, p := range client.Methods[0].Parameters {
				got = append(got, p.In+" "+p.Name)
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestWhatIsRefusedOfAnInterface(t *testing.T) {
	anything := &Type{Kind: reflect.Interface, Name: "T", String: "T", IsTypeParam: true}
	str := func(name string) Param { return Param{name, stringType} }
	for name, c := range map[string]struct {
		directive string
		fn        *Func
		param     string
		want      string
	}{
		"body of GET":              {"//pyfly:get /x", signature(aProduct, Param{"body", productType}), "body", "has the parameter body, but GET has no body"},
		"body of DELETE":           {"//pyfly:delete /x", signature(onlyError, Param{"body", productType}), "body", "or, for DELETE, take a struct with a field tagged `body:\"\"`"},
		"a struct of POST":         {"//pyfly:post /x", signature(aProduct, Param{"product", productType}), "product", "has the parameter product of type shop.Product, which cannot be sent in the query: name it body to send it as the body"},
		"a struct of GET":          {"//pyfly:get /x", signature(aProduct, Param{"product", pointer(productType)}), "product", "cannot be sent in the query: tag its fields with where they go"},
		"no name":                  {"//pyfly:get /x", signature(aProduct, str("_")), "_", "has a parameter of type string without a name"},
		"an empty name":            {"//pyfly:get /x", signature(aProduct, str("")), "", "has a parameter of type string without a name"},
		"a variable that none fit": {"//pyfly:get /{payment_id}", signature(aProduct, str("paymntID")), "", `the path "/{payment_id}" has a variable {payment_id} that no parameter fits; did you mean paymntID?`},
		"two that fit":             {"//pyfly:get /{payment_id}", signature(aProduct, str("paymentID"), str("paymentId")), "paymentId", "the parameter paymentId fits {payment_id}, and so does another: rename one"},
		"two variables":            {"//pyfly:get /{payment_id}/{paymentId}", signature(aProduct, str("paymentID")), "paymentID", "the parameter paymentID fits two variables, {payment_id} and {paymentId}: rename one"},
		"a query name of none":     {`//pyfly:get /x query:"pageSze"`, signature(aProduct, str("pageSize")), "", "query names pageSze, which no parameter of the query fits; did you mean pageSize?"},
		"of a path's":              {`//pyfly:get /{id} query:"id"`, signature(aProduct, str("id")), "", "query names id, which no parameter of the query fits"},
		"a query name of two":      {`//pyfly:get /x query:"pagesize"`, signature(aProduct, str("pageSize"), str("pagesize")), "pagesize", "query names pagesize, which two parameters fit: write pagesize=pagesize"},
		"two of a parameter":       {`//pyfly:get /x query:"pageSize,page-size"`, signature(aProduct, str("pageSize")), "pageSize", "query names the parameter pageSize twice, pageSize and page-size"},
		"two sent as one":          {"//pyfly:get /x", signature(aProduct, str("pageSize"), str("page_size")), "", `sends two parameters as page_size: name one of them with query:"name=parameter"`},
		"one sent as a variable":   {`//pyfly:get /x{?a} query:"a=b"`, signature(aProduct, str("a"), str("b")), "", "sends two parameters as a"},
		"a wrong query tag":        {`//pyfly:get /x query:","`, signature(aProduct), "", "a name is missing"},
		"form values as body":      {"//pyfly:post /x", signature(onlyError, Param{"body", valuesType}), "body", `tag the method content-type:"application/x-www-form-urlencoded"`},
		"options in a slice":       {"//pyfly:get /x", signature(onlyError, Param{"opts", optionsType}), "opts", "make it ...client.CallOption"},
		"any type in the path":     {"//pyfly:get /{id}", signature(onlyError, Param{"id", anything}), "id", "gives {id} an argument of type T, which has no form in a URL"},
		"a variable given twice":   {"//pyfly:get /{id}", signature(onlyError, Param{"s", structOf("S", field("ID", stringType, `path:"id"`))}, str("id")), "id", "gives {id} twice"},
		"a misspelt place":         {"//pyfly:get /x", signature(onlyError, Param{"s", structOf("S", field("A", stringType, `qurey:"a"`))}), "s", `S.A: unknown tag "qurey"; did you mean query?`},
		"a misspelt tag":           {`//pyfly:get /x qeury:"a"`, signature(onlyError), "", `unknown tag "qeury": it may be one of idempotent, content-type, accept, headers, reconnect, timeout, query; did you mean query?`},
		"no context":               {"//pyfly:get /x", &Func{Results: onlyError}, "", "does not take a context"},
		"a template":               {"//pyfly:get /a/:id", signature(onlyError), "", "write {id}"},
		"no directive":             {"// get", signature(onlyError), "", "has no directive: write //pyfly:get /path, or another verb, above it"},
		"a marker":                 {"//pyfly:http-client", signature(onlyError), "", "has the directive //pyfly:http-client, which is not for it"},
		"a misspelt verb":          {"//pyfly:gett /x", signature(onlyError), "", "did you mean get?"},
	} {
		t.Run(name, func(t *testing.T) {
			client := interfaceWith(c.directive, c.fn)
			assertProblem(t, client, "PaymentClient.Call: ")
			assertProblem(t, client, c.want)
			var params []string
			for _, p := range client.Problems {
				params = append(params, p.Param)
			}
			assert.Contains(t, params, c.param)
		})
	}
}

func TestWhatIsRefusedOfAWholeInterface(t *testing.T) {
	get := func(name string) InterfaceMethod {
		return InterfaceMethod{name, []string{"//pyfly:get /x"}, signature(onlyError)}
	}
	assertProblem(t, interfaceOf(get("Get"), get("GetFunc")), "PaymentClient.Get: has a function GetFunc in the generated fake, which is the name of another method")
	two := get("Get")
	two.Comment = append(two.Comment, "//pyfly:put /y")
	assertProblem(t, interfaceOf(two), "PaymentClient.Get: has two directives, get and put: write one")
	assertProblem(t, OfInterface(&Interface{Type: "A"}), "A: has no directive: write //pyfly:http-client or //pyfly:service-client above it")
	assertProblem(t, OfInterface(&Interface{Type: "A", Comment: []string{`//pyfly:http-client retry:"3"`}}), "A.http-client: unknown tag \"retry\": it may be one of url")
	assertProblem(t, OfInterface(&Interface{Type: "A", Comment: []string{`//pyfly:http-client retry:"3"`}}), "write //pyfly:service-client for retry and circuit breaker")
}
