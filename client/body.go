// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime/multipart"
	"net/textproto"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/pyfly-go/pyfly/internal/usercode"
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
	readerType    = reflect.TypeFor[io.Reader]()
	fileType      = reflect.TypeFor[File]()
	filePointer   = reflect.TypeFor[*File]()
	fileSliceType = reflect.TypeFor[[]File]()
)

func isFile(t reflect.Type) bool { return t == fileType || t == filePointer || t == fileSliceType }

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

// streamedBody is a body that is read while it is sent: one part after the
// other.
type streamedBody struct {
	parts        []io.Reader
	starts       []int64 // of those that can be sent again
	size         int64   // of all; -1: unknown
	isReplayable bool

	mu   sync.Mutex // guards last
	last *sentBody  // of the attempt that began last; nil: none
}

func newStreamedBody(parts ...io.Reader) *streamedBody {
	b := &streamedBody{parts: parts, starts: make([]int64, len(parts)), isReplayable: true}
	for i, part := range parts {
		b.measure(i, part)
	}
	return b
}

// measure finds out where a part begins and how long it is.
func (b *streamedBody) measure(i int, part io.Reader) {
	seeker, ok := part.(io.Seeker)
	if ok {
		start, err := seeker.Seek(0, io.SeekCurrent)
		if err == nil {
			var end int64
			if end, err = seeker.Seek(0, io.SeekEnd); err == nil {
				_, err = seeker.Seek(start, io.SeekStart)
			}
			b.starts[i] = start
			if b.size >= 0 {
				b.size += end - start
			}
		}
		ok = err == nil
	}
	if !ok {
		b.isReplayable, b.size = false, -1
	}
}

// open returns the body from its beginning, for one attempt. It waits until the
// attempt before has let go of the readers.
func (b *streamedBody) open(ctx, cut context.Context) (*sentBody, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last != nil {
		if err := b.rewind(ctx); err != nil {
			return nil, err
		}
	}
	reader := b.parts[0]
	if len(b.parts) > 1 {
		reader = io.MultiReader(b.parts...)
	}
	b.last = newSentBody(ctx, cut, reader)
	return b.last, nil
}

func (b *streamedBody) rewind(ctx context.Context) error {
	if !b.isReplayable {
		return fmt.Errorf("%w: the body has been read and cannot be read again: give one that is an io.Seeker", ErrInvalidRequest)
	}
	if err := b.last.waitUntilReleased(ctx); err != nil {
		return err
	}
	for i, part := range b.parts {
		err := usercode.Call(func() error {
			_, err := part.(io.Seeker).Seek(b.starts[i], io.SeekStart)
			return err
		})
		if err != nil {
			return fmt.Errorf("%w: the body cannot be read again: %w", ErrInvalidRequest, err)
		}
	}
	return nil
}

// stream makes a body of a reader.
func (msg *message) stream(b *streamedBody, contentType string) {
	msg.hasBody, msg.streamed, msg.contentType = true, b, contentType
	msg.noRetry = msg.noRetry || !b.isReplayable
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
func (f *form) end(msg *message) error {
	if f.writer == nil {
		msg.hasBody, msg.body, msg.contentType = true, []byte(f.urlencoded), formMediaType
		return nil
	}
	if err := f.writer.Close(); err != nil {
		return err
	}
	f.flush()
	msg.stream(newStreamedBody(f.parts...), f.writer.FormDataContentType())
	return nil
}
