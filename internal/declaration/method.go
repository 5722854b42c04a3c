// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/internal/secret"
)

// Method is one declared method of a client.
type Method struct {
	Name     string    // in settings, errors and statistics: "GetProduct"
	Field    string    // where it is declared: the field of the client's struct
	Index    []int     // of the field
	Verb     string    // "GET"
	Path     string    // the template as it may be shown
	Template *Template // nil if it is wrong

	Parameters []Parameter // in the order of the arguments after ctx, and of their fields
	Func       *Func

	Idempotent  bool          // by its tag
	ContentType string        // of the body, as declared
	Accept      string        // as declared
	Headers     http.Header   // as declared, secrets included
	Reconnect   bool          // a stream of events goes on after its end
	Timeout     time.Duration // of an attempt; 0: not declared, resilience.NoDelay: none

	HasForm     bool // fields of a struct are the body
	HasFiles    bool // some of them are files
	EncodesBody bool // by a codec
	hasBody     bool

	isNamed    bool        // the names of the parameters are known, and say where they go
	queryNames []QueryName // by the tag query
}

var verbs = []string{"get", "post", "put", "delete", "patch", "head", "options"}

// methodTags are the tags that a method may have beside its verb.
var methodTags = []string{"idempotent", "content-type", "accept", "headers", "reconnect", "timeout"}

// Result returns the type of the answer, or nil for none.
func (m *Method) Result() *Type {
	if results := m.Func.Results; len(results) == 2 || results[0].element() != nil {
		return results[0]
	}
	return nil
}

// Element returns the T of a method that returns an iter.Seq2[T, error], or nil.
func (m *Method) Element() *Type { return m.Func.Results[0].element() }

// Streams reports whether the method's answer is not read whole.
func (m *Method) Streams() bool { return m.Func.Results[0].isStream() || m.Element() != nil }

// readMethod checks a method of which name, place and signature are known, and
// adds it to the client's if it is right.
func (c *Client) readMethod(m *Method, verb Tag, others []Tag) {
	before := len(c.Problems)
	m.Verb, m.Path = strings.ToUpper(verb.Key), ShownTemplate(verb.Value)
	for _, tag := range others {
		c.readMethodTag(m, tag)
	}
	var err error
	if m.Template, err = ParseTemplate(verb.Value); err != nil {
		c.fail(m.Field, "%s", secret.Text(err.Error()))
	}
	c.readSignature(m)
	if m.ContentType != "" && !takesBody(m.Verb) && !m.hasBody {
		c.fail(m.Field, "has a content-type, but %s has no body", m.Verb)
	}
	if len(c.Problems) == before {
		c.Methods = append(c.Methods, m)
	}
}

func (c *Client) readMethodTag(m *Method, tag Tag) {
	switch tag.Key {
	case "idempotent":
		m.Idempotent = c.boolean(m.Field, tag)
	case "reconnect":
		m.Reconnect = c.boolean(m.Field, tag)
		if len(m.Func.Results) != 1 || m.Element() == nil {
			c.fail(m.Field, "reconnects, but returns no iter.Seq2[T, error]")
		}
		if m.Reconnect && (m.Verb == http.MethodPost || m.Verb == http.MethodPatch) {
			c.fail(m.Field, "reconnects, which would send the %s again at each end of the stream: remove the tag reconnect", m.Verb)
		}
	case "timeout":
		m.Timeout = c.duration(m.Field, tag)
	case "content-type":
		m.ContentType = tag.Value
	case "query":
		c.readQueryNames(m, tag)
		return
	case "accept":
		m.Accept = tag.Value
	case "headers":
		m.Headers = c.readHeaders(m.Field, tag)
	}
	if tag.Key != "idempotent" && tag.Value == "" {
		c.fail(m.Field, "%s is empty", tag.Key)
	}
}

func (c *Client) readQueryNames(m *Method, tag Tag) {
	var err error
	if m.queryNames, err = ParseQueryNames(tag.Value); err != nil {
		c.fail(m.Field, "%v", err)
	}
}

func (c *Client) readSignature(m *Method) {
	fn := m.Func
	last := len(fn.Params) - 1
	switch {
	case last < 0 || fn.Params[0].Type.Role != Context:
		c.fail(m.Field, "does not take a context: make its first parameter a context.Context")
		return
	case fn.Variadic && !fn.Params[last].Type.isCallOptions():
		c.fail(m.Field, "is variadic, which a request cannot be, except for ...client.CallOption: take a slice")
		return
	}
	c.readResult(m)
	if m.Template != nil {
		c.readParameters(m)
	}
}

func (c *Client) readResult(m *Method) {
	results := m.Func.Results
	switch {
	case len(results) == 1 && results[0].Role == Error:
	case len(results) == 1 && results[0].element() != nil:
		if element := results[0].element(); !element.isData() {
			c.fail(m.Field, "returns a %s: nothing can be decoded into a %s", results[0].String, element.String)
		}
	case len(results) == 2 && results[1].Role == Error:
		if unsupported := unsupportedResult(results[0]); unsupported != "" {
			c.fail(m.Field, "returns a %s: %s", results[0].String, unsupported)
			return
		}
	default:
		c.fail(m.Field, "does not return error, (T, error) or iter.Seq2[T, error]")
		return
	}
	if m.Verb == http.MethodHead && m.needsBody() {
		c.fail(m.Field, "returns a %s, but the response to HEAD has no body: return error, client.Response[struct{}] or *http.Response", results[0].String)
	}
}

// needsBody reports whether the result is nothing without the response's body.
func (m *Method) needsBody() bool {
	t := m.Func.Results[0]
	return t.Role != Error && t.Role != Response && (t.Kind != reflect.Pointer || t.Elem.Role != HTTPResponse)
}

// DecodesBody reports whether the response's body is decoded by a codec.
func (m *Method) DecodesBody() bool {
	if m.Result() == nil || m.Streams() {
		return false
	}
	t := m.Result().body()
	return !t.isBytes() && !t.isString()
}

// unsupportedResult says why a method cannot return a T, or "".
func unsupportedResult(t *Type) string {
	switch inner := t.body(); {
	case t.isStream():
		return ""
	case inner.isStream():
		return "a stream has no client.Response: return a *http.Response"
	case inner.element() != nil:
		return "a sequence has its errors in it: return the iter.Seq2[T, error] alone"
	case inner.IsReader:
		return "return an io.ReadCloser or a *http.Response for a stream"
	case !inner.isData():
		return "nothing can be decoded into it: return a T, []byte, string or client.Response[T]"
	}
	return ""
}

// unsupportedBody says why a T cannot be sent, or "".
func unsupportedBody(t *Type) string {
	if !t.IsReader && !t.isData() {
		return "it cannot be encoded as JSON"
	}
	return ""
}

func takesBody(verb string) bool {
	return verb == http.MethodPost || verb == http.MethodPut || verb == http.MethodPatch
}
