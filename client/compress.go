// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"compress/gzip"
	"net/http"
)

// minCompressed is the size from which a body is worth compressing.
const minCompressed = 1 << 10

// compress encodes a body with gzip, once for all attempts. Streams are sent as
// they are.
func (msg *message) compress() error {
	if msg.streamed != nil || len(msg.body) < minCompressed {
		return nil
	}
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	if _, err := w.Write(msg.body); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	msg.body = buffer.Bytes()
	if msg.header = msg.header.Clone(); msg.header == nil {
		msg.header = http.Header{}
	}
	msg.header.Set("Content-Encoding", "gzip")
	return nil
}
