// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"

	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// masker hides secrets in attributes, on their way into text or JSON.
type masker struct{ isText bool }

// replace is the ReplaceAttr of the handlers of slog, which call it for every
// attribute but groups, once LogValuers are resolved.
func (m masker) replace(groups []string, a slog.Attr) slog.Attr {
	if secret.Name(a.Key) || slices.ContainsFunc(groups, secret.Name) {
		return slog.String(a.Key, secret.Hidden)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(secret.Text(a.Value.String()))
	case slog.KindAny:
		a.Value = m.any(a.Value)
	}
	return a
}

func (m masker) any(value slog.Value) slog.Value {
	switch v := value.Any().(type) {
	case nil, *slog.Source:
		return value
	case slog.Level:
		return slog.StringValue(levelName(v))
	case *url.URL:
		if v != nil {
			return slog.StringValue(secret.Text(v.String()))
		}
	case url.URL:
		return slog.StringValue(secret.Text(v.String()))
	case http.Header:
		return slog.AnyValue(hide(v, secret.Name))
	case url.Values:
		return slog.AnyValue(hide(v, secret.Parameter))
	}
	if m.isText {
		return textOf(value)
	}
	return jsonOf(value)
}

// hide returns values by name without those of names that are secret.
func hide[M ~map[string][]string](values M, isSecret func(string) bool) M {
	shown := make(M, len(values))
	for name, list := range values {
		if isSecret(name) {
			shown[name] = []string{secret.Hidden}
			continue
		}
		shown[name] = make([]string, len(list))
		for i, text := range list {
			shown[name][i] = secret.Text(text)
		}
	}
	return shown
}

// fieldName finds the names of fields and keys in what %+v prints.
var fieldName = regexp.MustCompile(`[\pL_][\pL\pN_.-]*:`)

// textOf is the value as a slog.TextHandler would write it. What has fields or
// keys that are secret is written as JSON instead, where these can be told from
// the others for sure.
func textOf(value slog.Value) (text slog.Value) {
	defer replaceBad(&text, value)
	v := value.Any()
	switch v := v.(type) {
	case encoding.TextMarshaler:
		data, err := v.MarshalText()
		if err != nil {
			return value
		}
		return slog.StringValue(secret.Text(string(data)))
	case []byte:
		if shown := secret.Text(string(v)); shown != string(v) {
			return slog.StringValue(shown)
		}
		return value
	}
	printed := fmt.Sprintf("%+v", v)
	if !speaksForItself(v) && slices.ContainsFunc(fieldName.FindAllString(printed, -1), secret.Name) {
		if data, err := maskedJSON(v); err == nil {
			return slog.StringValue(string(data))
		}
		return slog.StringValue(secret.Hidden)
	}
	return slog.StringValue(secret.Text(printed))
}

// speaksForItself reports whether v has a text of its own, and not that of its
// fields.
func speaksForItself(v any) bool {
	switch v.(type) {
	case error, fmt.Stringer, fmt.Formatter:
		return true
	}
	switch reflect.ValueOf(v).Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Array, reflect.Pointer:
		return false
	}
	return true
}

// jsonOf is the value as a slog.JSONHandler would write it.
func jsonOf(value slog.Value) (masked slog.Value) {
	defer replaceBad(&masked, value)
	v := value.Any()
	_, isMarshaler := v.(json.Marshaler)
	if err, isError := v.(error); isError && !isMarshaler {
		return slog.StringValue(secret.Text(err.Error()))
	}
	data, err := maskedJSON(v)
	if err != nil {
		return value
	}
	return slog.AnyValue(json.RawMessage(data))
}

// replaceBad replaces a value whose methods panic by a text that says so, as
// slog's handlers do.
func replaceBad(result *slog.Value, value slog.Value) {
	r := recover()
	if r == nil {
		return
	}
	text := "!PANIC: " + usercode.Text(r)
	if err, ok := value.Any().(error); ok {
		text = usercode.Text(err)
	}
	*result = slog.StringValue(secret.Text(text))
}

// maskedJSON encodes v and hides in it the values of keys that are secret, and
// what is secret in URLs.
func maskedJSON(v any) ([]byte, error) {
	var encoded, masked bytes.Buffer
	encoder := json.NewEncoder(&encoded)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(&encoded)
	decoder.UseNumber()
	c := copier{decoder, &masked}
	if err := c.value(); err != nil {
		return nil, err
	}
	return masked.Bytes(), nil
}

// copier copies JSON, token by token, without secrets.
type copier struct {
	from *json.Decoder
	to   *bytes.Buffer
}

func (c copier) value() error {
	token, err := c.from.Token()
	if err != nil {
		return err
	}
	switch t := token.(type) {
	case json.Delim:
		return c.composite(t)
	case string:
		return c.text(secret.Text(t))
	case json.Number:
		c.to.WriteString(t.String())
	default: // null, true, false
		data, err := json.Marshal(t)
		c.to.Write(data)
		return err
	}
	return nil
}

// composite copies an object or an array, up to its end.
func (c copier) composite(begin json.Delim) error {
	c.to.WriteByte(byte(begin))
	for isFirst := true; c.from.More(); isFirst = false {
		if !isFirst {
			c.to.WriteByte(',')
		}
		member := c.value
		if begin == '{' {
			member = c.member
		}
		if err := member(); err != nil {
			return err
		}
	}
	end, err := c.from.Token()
	if err != nil {
		return err
	}
	c.to.WriteByte(byte(end.(json.Delim)))
	return nil
}

func (c copier) member() error {
	token, err := c.from.Token()
	if err != nil {
		return err
	}
	name := token.(string)
	if err := c.text(name); err != nil {
		return err
	}
	c.to.WriteByte(':')
	if !secret.Name(name) {
		return c.value()
	}
	var skipped json.RawMessage
	if err := c.from.Decode(&skipped); err != nil {
		return err
	}
	return c.text(secret.Hidden)
}

func (c copier) text(text string) error {
	encoder := json.NewEncoder(c.to)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(text); err != nil {
		return err
	}
	c.to.Truncate(c.to.Len() - 1) // the newline that Encode adds
	return nil
}
