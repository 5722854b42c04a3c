// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"

	"github.com/pyfly-go/pyfly/client/internal/coding"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// ReadBody reads a body whole; more than limit bytes are a [port.ErrTooLarge].
func ReadBody(buffer *bytes.Buffer, body io.Reader, limit int64) error {
	if limit <= 0 {
		_, err := buffer.ReadFrom(body)
		return err
	}
	for {
		buffer.Grow(bytes.MinRead)
		room := buffer.AvailableBuffer()
		n, err := body.Read(room[:cap(room)])
		_, _ = buffer.Write(room[:n])
		switch {
		case int64(buffer.Len()) > limit:
			return TooLarge(limit)
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// TooLarge is the error of a body of more than limit bytes.
func TooLarge(limit int64) error {
	return fmt.Errorf("%w: its body has more than the %d bytes of max-response-size", port.ErrTooLarge, limit)
}

// AsCodingError makes an [ErrDecode] of the error of a body that a port has
// decoded itself, as net/http does with gzip.
func AsCodingError(err error) error {
	if err == io.EOF {
		return err
	}
	err = usercode.Error(err)
	isBroken := errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, new(flate.CorruptInputError))
	if !isBroken || errors.Is(err, ErrDecode) {
		return err
	}
	return &coding.Error{Name: "gzip", Err: err}
}
