// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"fmt"
	"io"

	"github.com/pyfly-go/pyfly/client/port"
)

// responseBody is the body of a response: it limits how much is read, and ends the
// exchange at its end, at the first error or when closed, whichever comes first.
type responseBody struct {
	io.ReadCloser
	exchange  *exchange
	limit     int64 // 0: none
	remaining int64 // of limit
	err       error // what Read returned at its end
}

// Read reads decoded bytes.
func (b *responseBody) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if b.limit > 0 && int64(len(p)) > b.remaining {
		p = p[:b.remaining+1] // one more tells an end from an excess
	}
	n, err := b.ReadCloser.Read(p)
	if b.limit > 0 && int64(n) > b.remaining {
		n, err = int(b.remaining), tooLarge(b.limit)
		_ = b.ReadCloser.Close() // and with it the connection: the rest is not wanted
	}
	b.remaining -= int64(n)
	if err == nil {
		return n, nil
	}
	if err != io.EOF {
		err = b.exchange.explain(err)
	}
	b.err = err
	b.exchange.end()
	return n, err
}

// Close closes the body.
func (b *responseBody) Close() error {
	err := b.ReadCloser.Close()
	b.exchange.end()
	return err
}

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: its body has more than the %d bytes of max-response-size", port.ErrTooLarge, limit)
}
