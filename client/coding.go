// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/kernel"
)

// ContentCoding compresses bodies (RFC 9110, section 8.4.1). gzip is built in.
// Beans of this type are offered to services before it, in order, and can be
// the setting request-compression; module client/zstd brings one. It must be
// safe for concurrent use.
type ContentCoding interface {
	// Name is what stands in Content-Encoding: "zstd".
	Name() string
	// NewReader decodes what it reads from r, which is not empty. What it needs
	// in memory must be limited: the bytes may come from anywhere. An error, of
	// NewReader or of the reader, says that they are not of the coding, and is
	// an [ErrDecode] for the caller; so is a panic.
	NewReader(r io.Reader) (io.ReadCloser, error)
	// NewWriter encodes what is written to it into w, all of it once closed. An
	// error or a panic is an [ErrInvalidRequest]: the request is not sent.
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

// codings are those that a client can use, gzip last.
type codings []ContentCoding

func newCodings(users []ContentCoding) codings {
	users = slices.DeleteFunc(slices.Clone(users), func(c ContentCoding) bool { return c == nil })
	if slices.ContainsFunc(users, func(c ContentCoding) bool { return c.Name() == "gzip" }) {
		return users
	}
	return append(users, gzipCoding{})
}

// of returns the coding of a name, or nil.
func (cs codings) of(name string) ContentCoding {
	for _, c := range cs {
		if strings.EqualFold(c.Name(), name) {
			return c
		}
	}
	return nil
}

func (cs codings) names() []string {
	names := make([]string, len(cs))
	for i, c := range cs {
		names[i] = c.Name()
	}
	return names
}

// minCompressed is the size from which a body is worth compressing.
const minCompressed = 1 << 10

// compress encodes a body, once for all attempts. Streams are sent as they are.
func compress(msg *message.Message, coding ContentCoding) error {
	if msg.Streamed != nil || len(msg.Body) < minCompressed {
		return nil
	}
	encoded, err := encodeBody(coding, msg.Body)
	if err != nil {
		return fmt.Errorf("%w: the body cannot be compressed as %s: %w", ErrInvalidRequest, coding.Name(), err)
	}
	msg.Body = encoded
	if msg.Header = msg.Header.Clone(); msg.Header == nil {
		msg.Header = http.Header{}
	}
	msg.Header.Set("Content-Encoding", coding.Name())
	return nil
}

// encodeBody encodes by a coding that may be a user's: a panic is an error.
func encodeBody(coding ContentCoding, body []byte) (encoded []byte, err error) {
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

// decompress is the innermost exchange of a client with codings of its user's:
// it says which ones there are and decodes the answer. Gzip alone is left to
// the port.
func (cs codings) decompress(next Exchange) Exchange {
	accepted := strings.Join(cs.names(), ", ")
	return func(req *http.Request) (*http.Response, error) {
		if req.Header["Accept-Encoding"] != nil || req.Header["Range"] != nil {
			return next(req)
		}
		req.Header["Accept-Encoding"] = []string{accepted}
		hasBody, streams := req.Method != http.MethodHead, IsStreaming(req.Context())
		response, err := next(req)
		if err == nil && hasBody && response.Body != http.NoBody {
			cs.decode(response, streams)
		}
		return response, err
	}
}

// decode decodes the body of a response, if all its codings are known. Where a
// stream ends early, only a short rest is waited for.
func (cs codings) decode(response *http.Response, streams bool) {
	applied := cs.applied(response.Header)
	if len(applied) == 0 {
		return
	}
	drains := !streams || response.ContentLength >= 0 && response.ContentLength <= message.MaxDrained
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
func (cs codings) applied(header http.Header) []ContentCoding {
	var applied []ContentCoding
	for _, line := range slices.Backward(header["Content-Encoding"]) {
		names := strings.Split(line, ",")
		for _, name := range slices.Backward(names) {
			name = strings.TrimSpace(name)
			if name == "" || strings.EqualFold(name, "identity") {
				continue
			}
			coding := cs.of(name)
			if coding == nil && strings.EqualFold(name, "x-gzip") { // RFC 9110, section 8.4.1.3
				coding = cs.of("gzip")
			}
			if coding == nil || len(applied) == maxCodings {
				return nil
			}
			applied = append(applied, coding)
		}
	}
	return applied
}
