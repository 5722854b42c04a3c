// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
)

// ContentCoding compresses bodies (RFC 9110, section 8.4.1). gzip is built in.
// Beans of this type are offered to services before it, in order, and can be
// the setting request-compression; module client/zstd brings one. It must be
// safe for concurrent use.
type ContentCoding interface {
	// Name is what stands in Content-Encoding: "zstd".
	Name() string
	// NewReader decodes what it reads from r. What it needs in memory must be
	// limited: the bytes may come from anywhere.
	NewReader(r io.Reader) (io.ReadCloser, error)
	// NewWriter encodes what is written to it into w, all of it once closed.
	NewWriter(w io.Writer) (io.WriteCloser, error)
}

type gzipCoding struct{}

func (gzipCoding) Name() string                                  { return "gzip" }
func (gzipCoding) NewReader(r io.Reader) (io.ReadCloser, error)  { return gzip.NewReader(r) }
func (gzipCoding) NewWriter(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }

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
func (msg *message) compress(coding ContentCoding) error {
	if msg.streamed != nil || len(msg.body) < minCompressed {
		return nil
	}
	var buffer bytes.Buffer
	w, err := coding.NewWriter(&buffer)
	if err == nil {
		if _, err = w.Write(msg.body); err == nil {
			err = w.Close()
		}
	}
	if err != nil {
		return fmt.Errorf("%w: the body cannot be compressed as %s: %w", ErrInvalidRequest, coding.Name(), err)
	}
	msg.body = buffer.Bytes()
	if msg.header = msg.header.Clone(); msg.header == nil {
		msg.header = http.Header{}
	}
	msg.header.Set("Content-Encoding", coding.Name())
	return nil
}

// decompress is the innermost exchange of a client with codings of its user's:
// it says which ones there are and decodes the answer. Gzip alone is left to
// the port.
func (cs codings) decompress(next Exchange) Exchange {
	accepted := []string{strings.Join(cs.names(), ", ")}
	return func(req *http.Request) (*http.Response, error) {
		if req.Header["Accept-Encoding"] != nil || req.Header["Range"] != nil {
			return next(req)
		}
		req.Header["Accept-Encoding"] = accepted
		response, err := next(req)
		if err != nil || response.Body == nil || response.Body == http.NoBody {
			return response, err
		}
		if coding := cs.of(response.Header.Get("Content-Encoding")); coding != nil {
			response.Header = response.Header.Clone()
			response.Header.Del("Content-Encoding")
			response.Header.Del("Content-Length")
			response.ContentLength, response.Uncompressed = -1, true
			response.Body = &decodedBody{encoded: response.Body, coding: coding}
		}
		return response, nil
	}
}

// decodedBody begins to decode when it is first read: an answer without a body
// has nothing that a decoder could begin with.
type decodedBody struct {
	encoded io.ReadCloser
	coding  ContentCoding
	decoder io.ReadCloser
	err     error
}

// Read implements io.Reader.
func (b *decodedBody) Read(p []byte) (int, error) {
	if b.decoder == nil && b.err == nil {
		if b.decoder, b.err = b.coding.NewReader(b.encoded); b.err != nil && b.err != io.EOF {
			b.err = fmt.Errorf("%s: %w", b.coding.Name(), b.err)
		}
	}
	if b.err != nil {
		return 0, b.err
	}
	return b.decoder.Read(p)
}

// Close implements io.Closer.
func (b *decodedBody) Close() error {
	if b.decoder != nil {
		_ = b.decoder.Close()
	}
	return b.encoded.Close()
}
