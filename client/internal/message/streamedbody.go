// SPDX-License-Identifier: Apache-2.0

package message

import (
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// StreamedBody is a body that is read while it is sent: one part after the
// other.
type StreamedBody struct {
	parts        []io.Reader
	starts       []int64 // of those that can be sent again
	size         int64   // of all parts; -1: unknown
	isReplayable bool

	mu   sync.Mutex // guards last
	last *SentBody  // of the attempt that began last; nil: none
}

// NewStreamedBody returns a body of the given readers. It can be sent again if all
// of them are an [io.Seeker]. They are not closed.
func NewStreamedBody(parts ...io.Reader) *StreamedBody {
	b := &StreamedBody{parts: parts, starts: make([]int64, len(parts)), isReplayable: true}
	for i, part := range parts {
		b.measure(i, part)
	}
	return b
}

// measure finds out where a part begins and how long it is.
func (b *StreamedBody) measure(i int, part io.Reader) {
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

// Size is the number of bytes of the body; -1: unknown.
func (b *StreamedBody) Size() int64 { return b.size }

// IsReplayable reports whether the body can be sent again.
func (b *StreamedBody) IsReplayable() bool { return b.isReplayable }

// Open returns the body from its beginning, for one attempt. It waits until the
// attempt before has released the readers, or until ctx or cut ends. Reads end with
// ctx, the attempt's context, and with cut.
func (b *StreamedBody) Open(ctx, cut context.Context) (*SentBody, error) {
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

func (b *StreamedBody) rewind(ctx context.Context) error {
	if !b.isReplayable {
		return fmt.Errorf("%w: the body has been read and cannot be read again: give one that is an io.Seeker", port.ErrInvalidRequest)
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
			return fmt.Errorf("%w: the body cannot be read again: %w", port.ErrInvalidRequest, err)
		}
	}
	return nil
}
