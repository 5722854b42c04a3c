// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strings"

	"github.com/pyfly-go/pyfly/kernel"
)

// encode turns the arguments after ctx into a message. Its error is an
// ErrInvalidRequest: nothing has been sent.
func (m *Method) encode(args []reflect.Value) (msg *message, err error) {
	defer func() {
		if r := recover(); r != nil { // a user's MarshalJSON, MarshalText or String
			err = fmt.Errorf("%w: an argument panicked while it was encoded: %w", ErrInvalidRequest, kernel.NewPanicError(r))
		}
	}()
	msg = &message{}
	values := make([]argumentValue, len(m.template.names))
	var more url.Values
	for i := range m.Parameters {
		p, arg := &m.Parameters[i], args[i]
		switch {
		case p.variable >= 0:
			if values[p.variable], err = p.format(arg); err != nil {
				err = fmt.Errorf("%w: {%s}: %w", ErrInvalidRequest, p.Name, err)
			}
		case p.In == "header":
			msg.header = arg.Interface().(http.Header)
			err = checkHeader(msg.header)
		case p.In == "query":
			more = arg.Interface().(url.Values)
		case p.In == "body":
			err = msg.setBody(arg)
		}
		if err != nil {
			return msg, err
		}
	}
	if msg.path, err = m.template.expandPath(values); err != nil {
		return msg, fmt.Errorf("%w: %w", ErrInvalidRequest, err)
	}
	msg.query = addQuery(m.template.expandQuery(values), more)
	return msg, nil
}

// addQuery appends further parameters, escaped like those of the template.
func addQuery(query string, more url.Values) string {
	if len(more) == 0 {
		return query
	}
	encoded := strings.ReplaceAll(more.Encode(), "+", "%20")
	if query == "" {
		return encoded
	}
	return query + "&" + encoded
}

// setBody encodes the body. Bytes are sent as they are; a nil pointer or
// interface sends none.
func (msg *message) setBody(arg reflect.Value) error {
	if (arg.Kind() == reflect.Pointer || arg.Kind() == reflect.Interface) && arg.IsNil() {
		return nil
	}
	msg.hasBody = true
	if raw, ok := arg.Interface().([]byte); ok {
		msg.body, msg.contentType = raw, "application/octet-stream"
		return nil
	}
	body, err := json.Marshal(arg.Interface())
	if err != nil {
		return fmt.Errorf("%w: the body cannot be encoded as JSON: %w", ErrInvalidRequest, err)
	}
	msg.body, msg.contentType = body, "application/json"
	return nil
}

// checkHeader refuses what would end a header early or be no header: names are
// tokens (RFC 9110, section 5.6.2), values hold no line breaks.
func checkHeader(header http.Header) error {
	for name, values := range header {
		if !isToken(name) {
			return fmt.Errorf("%w: %q is no header name", ErrInvalidRequest, name)
		}
		for _, value := range values {
			if strings.ContainsFunc(value, isControl) {
				return fmt.Errorf("%w: the value of the header %s has a control character such as a line break", ErrInvalidRequest, name)
			}
		}
	}
	return nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

func isToken(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return name != ""
}
