// SPDX-License-Identifier: Apache-2.0

package declaration

import "reflect"

// The types of a model that is filled by hand.

func named(kind reflect.Kind, pkg, name string) *Type {
	return &Type{Kind: kind, Name: name, String: pkg + "." + name}
}

func role(r Role, kind reflect.Kind, pkg, name string) *Type {
	t := named(kind, pkg, name)
	t.Role = r
	return t
}

func basic(kind reflect.Kind) *Type {
	return &Type{Kind: kind, Name: kind.String(), String: kind.String()}
}

func pointer(t *Type) *Type { return &Type{Kind: reflect.Pointer, String: "*" + t.String, Elem: t} }
func slice(t *Type) *Type   { return &Type{Kind: reflect.Slice, String: "[]" + t.String, Elem: t} }

func mapOf(key, elem *Type) *Type {
	return &Type{Kind: reflect.Map, String: "map[" + key.String + "]" + elem.String, Key: key, Elem: elem}
}

func structOf(name string, fields ...Field) *Type {
	t := named(reflect.Struct, "shop", name)
	t.Fields = fields
	return t
}

func response(of *Type) *Type {
	t := role(Response, reflect.Struct, "client", "Response["+of.String+"]")
	t.Elem = of
	return t
}

func sequence(of *Type) *Type {
	yield := function([]*Type{of, errorType}, boolType)
	t := function([]*Type{yield})
	t.Name, t.String = "Seq2["+of.String+",error]", "iter.Seq2["+of.String+",error]"
	return t
}

func function(params []*Type, results ...*Type) *Type {
	f := &Func{Results: results}
	for _, p := range params {
		f.Params = append(f.Params, Param{Type: p})
	}
	return &Type{Kind: reflect.Func, String: "func", Func: f}
}

// method is a function that takes a context before its arguments.
func method(results []*Type, arguments ...*Type) *Type {
	return function(append([]*Type{contextType}, arguments...), results...)
}

func variadic(fn *Type) *Type {
	fn.Func.Variadic = true
	return fn
}

var (
	stringType  = basic(reflect.String)
	intType     = basic(reflect.Int)
	boolType    = basic(reflect.Bool)
	bytesType   = slice(basic(reflect.Uint8))
	productType = structOf("Product")

	contextType = role(Context, reflect.Interface, "context", "Context")
	errorType   = &Type{Kind: reflect.Interface, Name: "error", String: "error", Role: Error}
	headerType  = role(Header, reflect.Map, "http", "Header")
	valuesType  = role(Values, reflect.Map, "url", "Values")
	linkType    = role(Link, reflect.String, "client", "URL")
	optionsType = slice(role(CallOption, reflect.Func, "client", "CallOption"))
	fileType    = role(File, reflect.Struct, "client", "File")
	timeType    = &Type{Kind: reflect.Struct, Name: "Time", String: "time.Time", Role: Time, MarshalsText: true, IsStringer: true}
	bodyType    = &Type{Kind: reflect.Interface, Name: "ReadCloser", String: "io.ReadCloser", Role: ReadCloser, IsReader: true}
	readerType  = &Type{Kind: reflect.Interface, Name: "Reader", String: "io.Reader", IsReader: true}
	answerType  = pointer(role(HTTPResponse, reflect.Struct, "http", "Response"))

	httpClientType    = role(HTTPClient, reflect.Struct, "client", "HttpClient")
	serviceClientType = role(ServiceClient, reflect.Struct, "client", "ServiceClient")

	onlyError  = []*Type{errorType}
	aProduct   = []*Type{productType, errorType}
	aSequence  = []*Type{sequence(productType)}
	aString    = []*Type{stringType, errorType}
	aBody      = []*Type{bodyType, errorType}
	anAnswer   = []*Type{answerType, errorType}
	aResponse  = []*Type{response(productType), errorType}
	noFunction = function(nil)
)

func plain(tag string) Field {
	return Field{Name: "HttpClient", Type: httpClientType, Tag: tag, Embedded: true, Exported: true}
}

func service(tag string) Field {
	return Field{Name: "ServiceClient", Type: serviceClientType, Tag: tag, Embedded: true, Exported: true}
}

func field(name string, t *Type, tag string) Field {
	return Field{Name: name, Type: t, Tag: tag, Exported: name[0] >= 'A' && name[0] <= 'Z'}
}

func embedded(t *Type) Field {
	return Field{Name: t.target().Name, Type: t, Embedded: true, Exported: true}
}

func clientOf(fields ...Field) *Client {
	return OfStruct(structOf("ShopClient", fields...), "shop-client")
}

// withMethod declares a plain client of one method.
func withMethod(fn *Type, tag string) *Client {
	return clientOf(plain(`url:"http://shop"`), field("Call", fn, tag))
}
