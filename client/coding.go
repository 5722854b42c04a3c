// SPDX-License-Identifier: Apache-2.0

package client

import "io"

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
