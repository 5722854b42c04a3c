// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProblemsOfAMethod(t *testing.T) {
	channel := &Type{Kind: reflect.Chan, String: "chan int"}
	for name, c := range map[string]struct {
		fn   *Type
		tag  string
		want string
	}{
		"a template":           {method(onlyError), `get:"x"`, `ShopClient.Call: the path "x" does not begin with a slash: write "/x"`},
		"a secret template":    {method(onlyError), `get:"/x?token=t0k3n#a"`, "percent-encoded"},
		"no context":           {function([]*Type{stringType}, errorType), `get:"/{id}"`, "does not take a context"},
		"no parameters":        {function(nil, errorType), `get:"/"`, "does not take a context"},
		"variadic":             {variadic(method(onlyError, slice(stringType))), `get:"/x"`, "is variadic"},
		"no result":            {method(nil), `get:"/x"`, "does not return error, (T, error) or iter.Seq2[T, error]"},
		"three results":        {method([]*Type{intType, intType, errorType}), `get:"/x"`, "does not return error"},
		"no error":             {method([]*Type{intType, stringType}), `get:"/x"`, "does not return error"},
		"a channel":            {method([]*Type{channel, errorType}), `get:"/x"`, "returns a chan int: nothing can be decoded into it"},
		"a reader":             {method([]*Type{readerType, errorType}), `get:"/x"`, "returns a io.Reader: return an io.ReadCloser"},
		"a stream with status": {method([]*Type{response(bodyType), errorType}), `get:"/x"`, "a stream has no client.Response"},
		"a sequence and error": {method([]*Type{sequence(intType), errorType}), `get:"/x"`, "a sequence has its errors in it"},
		"a sequence of chan":   {method([]*Type{sequence(channel)}), `get:"/x"`, "nothing can be decoded into a chan int"},
		"reconnect of nothing": {method(onlyError), `get:"/x" reconnect:"true"`, "reconnects, but returns no iter.Seq2[T, error]"},
		"a switch":             {method(onlyError), `post:"/x" idempotent:"maybe"`, `idempotent "maybe": write true or false`},
		"a timeout":            {method(onlyError), `get:"/x" timeout:"soon"`, `timeout "soon": write a duration`},
		"an empty accept":      {method(onlyError), `get:"/x" accept:""`, "accept is empty"},
		"a type of no body":    {method(onlyError), `get:"/x" content-type:"text/plain"`, "has a content-type, but GET has no body"},
		"headers":              {method(onlyError), `get:"/x" headers:"a"`, `headers "a": "a" is no header`},

		"no argument":            {method(onlyError), `get:"/{id}"`, `the path "/{id}" has a variable {id} that no argument gives`},
		"an argument too many":   {method(onlyError, stringType), `get:"/x"`, `takes an argument of type string that is no variable of its path "/x", and GET has no body`},
		"two bodies":             {method(onlyError, productType, productType), `post:"/x"`, "takes more arguments than"},
		"a body of a channel":    {method(onlyError, channel), `post:"/x"`, "sends a body of type chan int: it cannot be encoded"},
		"a struct in the path":   {method(onlyError, productType), `get:"/{id}"`, "gives {id} an argument of type shop.Product, which has no form in a URL"},
		"a prefix of a list":     {method(onlyError, slice(stringType)), `get:"/{ids:3}"`, "gives {ids} a []string, of which there is no prefix"},
		"headers twice":          {method(onlyError, headerType, headerType), `get:"/x"`, "takes two arguments of type http.Header"},
		"a link with a variable": {method(onlyError, linkType), `get:"/{id}"`, "takes a client.URL, so its path"},
	} {
		t.Run(name, func(t *testing.T) { assertProblem(t, withMethod(c.fn, c.tag), c.want) })
	}
}

func TestWhereArgumentsGo(t *testing.T) {
	for name, c := range map[string]struct {
		fn   *Type
		tag  string
		want []string
	}{
		"path and query":        {method(onlyError, stringType, intType), `get:"/{id}{?page}"`, []string{"path id", "query page"}},
		"a variable used twice": {method(onlyError, stringType), `get:"/{id}/{id}"`, []string{"path id"}},
		"a body":                {method(onlyError, stringType, productType), `put:"/{id}"`, []string{"path id", "body "}},
		"headers and queries":   {method(onlyError, headerType, valuesType, stringType), `get:"/{id}"`, []string{"header ", "query ", "path id"}},
		"a form":                {method(onlyError, valuesType), `post:"/x" content-type:"application/x-www-form-urlencoded; charset=utf-8"`, []string{"body "}},
		"a link":                {method(aProduct, linkType, headerType), `get:"/x"`, []string{"url ", "header "}},
		"options are no body":   {variadic(method(onlyError, optionsType)), `post:"/x"`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			client := withMethod(c.fn, c.tag)
			require.Empty(t, client.Problems)
			var got []string
			for _, p := range client.Methods[0].Parameters {
				got = append(got, p.In+" "+p.Name)
			}
			assert.Equal(t, c.want, got)
		})
	}
}

func TestWhatCanBeWrittenIntoAURL(t *testing.T) {
	circle := &Type{Kind: reflect.Pointer, Name: "Circle", String: "shop.Circle"}
	circle.Elem = circle
	list := named(reflect.Slice, "shop", "List")
	list.Elem = list
	texter := structOf("Texter")
	texter.MarshalsText = true
	for name, c := range map[string]struct {
		t    *Type
		want bool
	}{
		"a string": {stringType, true}, "a pointer to a pointer": {pointer(pointer(intType)), true}, "a time": {timeType, true},
		"a list": {slice(stringType), true}, "a list of pointers": {slice(pointer(intType)), true}, "a list of times": {slice(timeType), true},
		"a map": {mapOf(stringType, intType), true}, "a marshaler": {texter, true}, "a list of marshalers": {slice(pointer(texter)), true},
		"a struct": {productType, false}, "bytes": {bytesType, false}, "lists in a list": {slice(slice(stringType)), false},
		"a map by numbers": {mapOf(intType, stringType), false}, "lists in a map": {mapOf(stringType, slice(intType)), false},
		"a pointer to itself": {circle, false}, "a list of itself": {list, false}, "a function": {noFunction, false},
	} {
		assert.Equal(t, c.want, c.t.HasText(), name)
	}
}

func TestWhichResultsAreStreams(t *testing.T) {
	for name, c := range map[string]struct {
		results []*Type
		result  *Type
		streams bool
	}{
		"an error": {onlyError, nil, false}, "a document": {aProduct, productType, false}, "a string": {aString, stringType, false},
		"a response": {aResponse, aResponse[0], false}, "a body": {aBody, bodyType, true}, "an answer": {anAnswer, answerType, true},
		"a sequence": {aSequence, aSequence[0], true},
	} {
		t.Run(name, func(t *testing.T) {
			client := withMethod(method(c.results), `get:"/x"`)
			require.Empty(t, client.Problems)
			assert.Equal(t, c.result, client.Methods[0].Result())
			assert.Equal(t, c.streams, client.Methods[0].Streams())
		})
	}
}
