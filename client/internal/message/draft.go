// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/uritemplate"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

// Format is what the messages of one method have in common. It is safe for
// concurrent use.
type Format struct {
	template    *Template
	contentType string // of the body, as declared; "": what the body says
	form        Form
	codec       Codec // for the body; nil: there is none for its content type
	isText      bool  // a string is sent as it is
}

// NewFormat returns the format of messages with the given path template. The body
// is encoded by the codec for contentType, JSON if that is empty.
func NewFormat(t *Template, contentType string, form Form, codecs Codecs) *Format {
	f := &Format{template: t, contentType: contentType, form: form}
	mediaType := MediaType(contentType)
	if mediaType == "" {
		f.codec = codecs.exactly(jsonMediaType)
		return f
	}
	f.codec, f.isText = codecs.of(mediaType), isText(mediaType)
	return f
}

// Draft is a message in the making: [Draft.Begin], then whatever the message
// consists of, then [Draft.End]. The first error is that of End; what comes after
// it is ignored. A Draft is used once, by one goroutine.
type Draft struct {
	format  *Format
	message *Message
	few     [3]uritemplate.Value // most templates have no more variables
	many    []uritemplate.Value  // instead of few
	query   string               // further parameters, escaped
	form    *form                // nil: none
	isOwned bool                 // the header is nobody else's
	err     error
}

// Begin begins a message, which must be empty.
func (d *Draft) Begin(f *Format, m *Message) {
	d.format, d.message = f, m
	if f.form != NoForm {
		d.form = newForm(f.form)
	}
	if n := len(f.template.names); n > len(d.few) {
		d.many = make([]uritemplate.Value, n)
	}
}

func (d *Draft) variables() []uritemplate.Value {
	if d.many != nil {
		return d.many
	}
	return d.few[:]
}

// Fail ends the draft because an argument cannot be sent.
func (d *Draft) Fail(name string, err error) {
	d.fail(fmt.Errorf("%w: {%s}: %w", port.ErrInvalidRequest, name, err))
}

func (d *Draft) fail(err error) {
	if d.err == nil {
		d.err = err
	}
}

// Variable sets a variable of the path template by its index.
func (d *Draft) Variable(i int, value uritemplate.Value) { d.variables()[i] = value }

// Query adds parameters to the query: one for each value.
func (d *Draft) Query(name string, value uritemplate.Value) {
	d.query = appendParameter(d.query, name, &value)
}

// Queries adds parameters to the query.
func (d *Draft) Queries(values url.Values) {
	d.query = joinQuery(d.query, strings.ReplaceAll(values.Encode(), "+", "%20"))
}

// Link takes a link in place of path and query; "" is none. Parameters that are
// added to the query are added to that of the link.
func (d *Draft) Link(link string) { d.message.Link = link }

// Field adds a field to the form.
func (d *Draft) Field(name string, value uritemplate.Value) {
	if d.err == nil {
		d.err = d.form.add(name, &value)
	}
}

// File adds a file to the form.
func (d *Draft) File(name string, file File) {
	if d.err == nil {
		d.err = d.form.addFile(name, file)
	}
}

// Header adds a header for each value.
func (d *Draft) Header(name string, value uritemplate.Value) {
	for _, text := range texts(&value) {
		if err := checkHeaderValue("header", name, text); err != nil {
			d.fail(err)
			return
		}
		d.header().Add(name, text)
	}
}

// Headers adds headers, in place of those that the message has under their names.
func (d *Draft) Headers(header http.Header) {
	if err := CheckHeader(header); err != nil {
		d.fail(err)
		return
	}
	header = CanonicalHeader(header)
	if d.message.Header == nil {
		d.message.Header = header // most calls have no other
		return
	}
	for name, values := range header {
		d.header()[name] = slices.Clone(values)
	}
}

// Cookie adds a cookie for each value. RFC 6265, section 4.1.1, says what may stand
// in one.
func (d *Draft) Cookie(name string, value uritemplate.Value) {
	for _, text := range texts(&value) {
		cookie := http.Cookie{Name: name, Value: text}
		if err := cookie.Valid(); err != nil {
			d.fail(fmt.Errorf("%w: the cookie %s has a value that cannot be sent", port.ErrInvalidRequest, name))
			return
		}
		pair := name + "=" + text
		if known := d.header().Get("Cookie"); known != "" {
			pair = known + "; " + pair
		}
		d.header().Set("Cookie", pair)
	}
}

// header returns the header of the message, to be changed.
func (d *Draft) header() http.Header {
	if !d.isOwned {
		d.isOwned = true
		if d.message.Header = d.message.Header.Clone(); d.message.Header == nil {
			d.message.Header = http.Header{}
		}
	}
	return d.message.Header
}

// Body sets the body. Bytes are sent as they are, and so are strings where the
// content type is a text or XML; nil sends none.
func (d *Draft) Body(v any) {
	if d.err != nil || v == nil {
		return
	}
	d.message.HasBody, d.message.ContentType = true, d.format.contentType
	switch body := v.(type) {
	case []byte:
		d.message.Body = body
		d.defaultContentType(bytesMediaType)
		return
	case io.Reader:
		d.defaultContentType(bytesMediaType)
		d.message.stream(NewStreamedBody(body), d.message.ContentType)
		return
	case string:
		if d.format.isText {
			d.message.Body = []byte(body)
			return
		}
	}
	d.encode(v)
}

// TakesText reports whether the body may be a string that is sent as it is.
func (d *Draft) TakesText() bool { return d.format.isText }

func (d *Draft) encode(v any) {
	codec := d.format.codec
	if codec == nil {
		d.fail(fmt.Errorf("%w: a %T cannot be sent as %s", port.ErrInvalidRequest, v, d.format.contentType))
		return
	}
	body, err := codec.Encode(v)
	if err != nil {
		d.fail(fmt.Errorf("%w: the body cannot be encoded as %s: %w", port.ErrInvalidRequest, codec.MediaType(), err))
		return
	}
	d.message.Body = body
	d.defaultContentType(codec.MediaType())
}

func (d *Draft) defaultContentType(mediaType string) {
	if d.message.ContentType == "" {
		d.message.ContentType = mediaType
	}
}

// Options change one call.
type Options struct {
	Timeout time.Duration // of one attempt; 0: the method's; less: none
	Header  http.Header   // in place of what else would be sent under its names
	NoRetry bool
}

// Options applies options.
func (d *Draft) Options(o Options) {
	d.message.Timeout, d.message.NoRetry = o.Timeout, d.message.NoRetry || o.NoRetry
	if len(o.Header) > 0 {
		d.header()
		d.Headers(o.Header)
	}
}

// End completes the message. Its error is a [port.ErrInvalidRequest].
func (d *Draft) End() error {
	if d.form != nil && d.err == nil {
		d.err = d.form.end(d.message)
	}
	if d.err != nil {
		return d.err
	}
	path, err := d.format.template.expandPath(d.variables())
	if err != nil {
		return fmt.Errorf("%w: %w", port.ErrInvalidRequest, err)
	}
	d.message.Path = path
	d.message.Query = d.query
	if d.message.Link == "" { // which brings a query of its own
		d.message.Query = joinQuery(d.format.template.expandQuery(d.variables()), d.query)
	}
	return nil
}

// Recover, deferred by a function that makes a message, turns a panic of the user's
// code (MarshalJSON, MarshalText, String) into the function's error.
func Recover(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: an argument panicked while it was encoded: %w", port.ErrInvalidRequest, kernel.NewPanicError(r))
	}
	*err = usercode.Error(*err)
}
