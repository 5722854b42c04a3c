// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"reflect"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// File is a file in a form: a field tagged form of type File, *File or []File
// makes the body multipart/form-data. Its content is streamed, never held in
// memory. If it is an io.Seeker, a file on disk for instance, it can be sent
// again for another attempt; else the call makes one attempt only. Content is
// not closed.
type File struct {
	Name        string // the file's name
	ContentType string // "" stands for application/octet-stream
	Content     io.Reader
}

var (
	readerType = reflect.TypeFor[io.Reader]()
	fileType   = reflect.TypeFor[File]()
)

// filesOf returns the files that a field holds.
func filesOf(v reflect.Value) []File {
	switch f := v.Interface().(type) {
	case File:
		return []File{f}
	case *File:
		if f != nil {
			return []File{*f}
		}
	case []File:
		return f
	}
	return nil
}

// stream makes a message's body of a reader.
func stream(msg *message.Message, b *message.StreamedBody, contentType string) {
	msg.HasBody, msg.Streamed, msg.ContentType = true, b, contentType
	msg.NoRetry = msg.NoRetry || !b.IsReplayable()
}

// form is a form in the making: fields, and files if it is of several parts.
type form struct {
	urlencoded string
	parts      []io.Reader
	buffer     bytes.Buffer
	writer     *multipart.Writer
}

func newForm(isMultipart bool) *form {
	f := &form{}
	if isMultipart {
		f.writer = multipart.NewWriter(&f.buffer)
	}
	return f
}

func (f *form) add(name string, value *argumentValue) error {
	if f.writer == nil {
		f.urlencoded = appendParameter(f.urlencoded, name, value)
		return nil
	}
	for _, text := range texts(value) {
		if err := f.writer.WriteField(name, text); err != nil {
			return err
		}
	}
	return nil
}

func (f *form) addFile(name string, file File) error {
	if file.Content == nil {
		return fmt.Errorf("%w: the file %q of the form has no content", ErrInvalidRequest, name)
	}
	if err := checkHeaderValue("content type of the file "+name, file.ContentType); err != nil {
		return err
	}
	header := textproto.MIMEHeader{"Content-Type": {file.ContentType}}
	if file.ContentType == "" {
		header.Set("Content-Type", "application/octet-stream")
	}
	header.Set("Content-Disposition", fmt.Sprintf(`form-data; name="%s"; filename="%s"`, quoteFormName(name), quoteFormName(file.Name)))
	if _, err := f.writer.CreatePart(header); err != nil {
		return err
	}
	f.flush()
	f.parts = append(f.parts, file.Content)
	return nil
}

// quoteFormName escapes as browsers do (HTML standard, section 4.10.21.8).
func quoteFormName(name string) string {
	return strings.NewReplacer("\"", "%22", "\r", "%0D", "\n", "%0A").Replace(name)
}

// flush makes a part of what has been written.
func (f *form) flush() {
	f.parts = append(f.parts, bytes.NewReader(slices.Clone(f.buffer.Bytes())))
	f.buffer.Reset()
}

// end makes the message's body of the form.
func (f *form) end(msg *message.Message) error {
	if f.writer == nil {
		msg.HasBody, msg.Body, msg.ContentType = true, []byte(f.urlencoded), formMediaType
		return nil
	}
	if err := f.writer.Close(); err != nil {
		return err
	}
	f.flush()
	stream(msg, message.NewStreamedBody(f.parts...), f.writer.FormDataContentType())
	return nil
}
