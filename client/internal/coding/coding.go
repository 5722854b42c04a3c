// SPDX-License-Identifier: Apache-2.0

// Package coding encodes and decodes bodies by content codings (RFC 9110, section
// 8.4.1).
package coding

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/kernel"
)

// Coding compresses bodies: see client.ContentCoding.
type Coding interface {
	Name() string
	NewReader(r io.Reader) (io.ReadCloser, error)
	NewWriter(w io.Writer) (io.WriteCloser, error)
}

type gzipCoding struct{}

func (gzipCoding) Name() string                                  { return "gzip" }
func (gzipCoding) NewWriter(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }

func (gzipCoding) NewReader(r io.Reader) (io.ReadCloser, error) {
	decoder, err := gzip.NewReader(r)
	if err != nil {
		return nil, err // and no nil pointer in an interface
	}
	return decoder, nil
}

// Codings are those that a client can use, gzip last.
type Codings []Coding

// New returns the user's codings and gzip.
func New[C Coding](users []C) Codings {
	var codings Codings
	for _, c := range users {
		if any(c) != nil {
			codings = append(codings, c)
		}
	}
	if slices.ContainsFunc(codings, func(c Coding) bool { return c.Name() == "gzip" }) {
		return codings
	}
	return append(codings, gzipCoding{})
}

// Of returns the coding of a name, or nil.
func (cs Codings) Of(name string) Coding {
	for _, c := range cs {
		if strings.EqualFold(c.Name(), name) {
			return c
		}
	}
	return nil
}

// Names are those of the codings.
func (cs Codings) Names() []string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.Name()
	}
	return names
}

// Encode encodes a body by a coding that may be a user's: a panic is an error.
func Encode(coding Coding, body []byte) (encoded []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			encoded, err = nil, kernel.NewPanicError(r)
		}
	}()
	var buffer bytes.Buffer
	w, err := coding.NewWriter(&buffer)
	if err != nil {
		return nil, err
	}
	if w == nil {
		return nil, errors.New("NewWriter returned neither a writer nor an error")
	}
	if _, err := bytes.NewReader(body).WriteTo(w); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// ErrDecode is the error of a response that is not what it should be.
var ErrDecode = errors.New("the answer cannot be decoded")

// Error says that a body is not of its content coding. It is an [ErrDecode]. Its text
// does not quote the body.
type Error struct {
	Name string // of the coding
	Err  error  // of the decoder
}

func (e *Error) Error() string {
	return ErrDecode.Error() + ": it is not of its content coding " + e.Name
}
func (e *Error) Unwrap() error        { return e.Err }
func (e *Error) Is(target error) bool { return target == ErrDecode }

// MaxDrained is how much of a body that nobody wants is read so that its connection
// can be used again.
const MaxDrained = 64 << 10

// Decode decodes the body of a response, if all its codings are known. An error of
// the body is then an [*Error], unless it is that of the encoded body. Where a stream
// ends early, only a short rest is waited for.
func (cs Codings) Decode(response *http.Response, streams bool) {
	applied := cs.applied(response.Header)
	if len(applied) == 0 {
		return
	}
	drains := !streams || response.ContentLength >= 0 && response.ContentLength <= MaxDrained
	response.Header = response.Header.Clone()
	response.Header.Del("Content-Encoding")
	response.Header.Del("Content-Length")
	response.ContentLength, response.Uncompressed = -1, true
	response.Body = newDecodedBody(response.Body, applied, drains)
}

// maxCodings is how many codings are decoded one after the other: each needs
// memory.
const maxCodings = 5

// applied returns the codings of a body in the order in which they are to be
// decoded: the last that was applied first. It is empty if one is not known.
func (cs Codings) applied(header http.Header) []Coding {
	var applied []Coding
	for _, line := range slices.Backward(header["Content-Encoding"]) {
		names := strings.Split(line, ",")
		for _, name := range slices.Backward(names) {
			name = strings.TrimSpace(name)
			if name == "" || strings.EqualFold(name, "identity") {
				continue
			}
			coding := cs.Of(name)
			if coding == nil && strings.EqualFold(name, "x-gzip") { // RFC 9110, section 8.4.1.3
				coding = cs.Of("gzip")
			}
			if coding == nil || len(applied) == maxCodings {
				return nil
			}
			applied = append(applied, coding)
		}
	}
	return applied
}
