// SPDX-License-Identifier: Apache-2.0

package message

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/coding"
	"github.com/pyfly-go/pyfly/client/port"
)

// minCompressed is the size from which a body is worth compressing.
const minCompressed = 1 << 10

// Compress encodes the body, once for all attempts, unless c is nil. Streams are sent
// as they are.
func (m *Message) Compress(c coding.Coding) error {
	if c == nil || m.Streamed != nil || len(m.Body) < minCompressed || m.Header.Get("Content-Encoding") != "" {
		return nil
	}
	encoded, err := coding.Encode(c, m.Body)
	if err != nil {
		return fmt.Errorf("%w: the body cannot be compressed as %s: %w", port.ErrInvalidRequest, c.Name(), err)
	}
	m.Body = encoded
	m.SetHeader("Content-Encoding", c.Name())
	return nil
}

// Decompress puts around an exchange what says which codings there are and decodes
// the response.
func Decompress(codings coding.Codings, next func(*http.Request) (*http.Response, error)) func(*http.Request) (*http.Response, error) {
	accepted := strings.Join(codings.Names(), ", ")
	return func(req *http.Request) (*http.Response, error) {
		if req.Header["Accept-Encoding"] != nil || req.Header["Range"] != nil {
			return next(req)
		}
		req.Header["Accept-Encoding"] = []string{accepted}
		hasBody, streams := req.Method != http.MethodHead, port.IsStreaming(req.Context())
		response, err := next(req)
		if err == nil && hasBody && response.Body != http.NoBody {
			codings.Decode(response, streams)
		}
		return response, err
	}
}
