// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

// Form says whether the body of a method is a form, and of which kind.
type Form uint8

// The kinds of a [Form].
const (
	NoForm        Form = iota
	URLEncoded         // fields alone
	MultipartForm      // fields and files
)

// File is a file in a form.
type File struct {
	Name        string
	ContentType string // "": application/octet-stream
	Content     io.Reader
}

// form is a form in the making: fields, and files if it is of several parts.
type form struct {
	urlencoded string
	parts      []io.Reader
	buffer     bytes.Buffer
	writer     *multipart.Writer
}

func newForm(kind Form) *form {
	f := &form{}
	if kind == MultipartForm {
		f.writer = multipart.NewWriter(&f.buffer)
	}
	return f
}

func (f *form) add(name string, value *uritemplate.Value) error {
	if f.writer == nil {
		f.urlencoded = appendParameter(f.urlencoded, name, value)
		return nil
	}
	for _, text := range texts(value) {
		part, err := f.writer.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="` + quoteFormName(name) + `"`}})
		if err != nil {
			return err
		}
		_, _ = io.WriteString(part, text) // into memory
	}
	return nil
}

func (f *form) addFile(name string, file File) error {
	if file.Content == nil {
		return fmt.Errorf("%w: the file %q of the form has no content", port.ErrInvalidRequest, name)
	}
	if err := checkHeaderValue("content type of the file", name, file.ContentType); err != nil {
		return err
	}
	header := textproto.MIMEHeader{"Content-Type": {file.ContentType}}
	if file.ContentType == "" {
		header.Set("Content-Type", bytesMediaType)
	}
	header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, quoteFormName(name), quoteFormName(file.Name)))
	if _, err := f.writer.CreatePart(header); err != nil {
		return err
	}
	f.flush()
	f.parts = append(f.parts, file.Content)
	return nil
}

// quoteFormName escapes a name in a quoted string: quotes and control characters as
// browsers escape quotes and line ends (HTML standard, section 4.10.21.8), and a
// backslash, which browsers leave as it is and servers take for an escape, by
// another.
func quoteFormName(name string) string {
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case c < ' ', c == '"', c == 0x7f:
			fmt.Fprintf(&b, "%%%02X", c)
		case c == '\\':
			b.WriteString(`\\`)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// flush makes a part of what has been written.
func (f *form) flush() {
	f.parts = append(f.parts, bytes.NewReader(slices.Clone(f.buffer.Bytes())))
	f.buffer.Reset()
}

// end makes the message's body of the form.
func (f *form) end(m *Message) error {
	if f.writer == nil {
		m.HasBody, m.Body, m.ContentType = true, []byte(f.urlencoded), FormMediaType
		return nil
	}
	if err := f.writer.Close(); err != nil {
		return err
	}
	f.flush()
	m.stream(NewStreamedBody(f.parts...), f.writer.FormDataContentType())
	return nil
}
