// SPDX-License-Identifier: Apache-2.0

package memnet

import (
	"io"
	"os"
	"sync"
	"syscall"
	"time"
)

// bufferSize is how much a half holds before writing to it blocks.
const bufferSize = 64 << 10

// half is one direction of a connection: a bounded buffer.
type half struct {
	mu      sync.Mutex
	changed *sync.Cond
	buffer  []byte
	ended   bool // io.EOF follows the buffer
	broken  bool // a reset: nothing more is read or written
	deaf    bool // what is written is dropped: the reader is gone and the writer does not know yet
	cut     int  // bytes until the connection is cut; negative: never
	onCut   func()
	reading deadline
	writing deadline
}

func newHalf(cut int) *half {
	h := &half{cut: cut}
	h.changed = sync.NewCond(&h.mu)
	return h
}

// read takes what is there, and waits if nothing is.
func (h *half) read(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.reading.over:
			return 0, os.ErrDeadlineExceeded
		case h.broken:
			return 0, syscall.ECONNRESET
		case len(h.buffer) > 0:
			n := copy(p, h.buffer)
			h.buffer = h.buffer[n:]
			h.changed.Broadcast()
			return n, nil
		case h.ended:
			return 0, io.EOF
		}
		h.changed.Wait()
	}
}

// write adds to the buffer, and waits while that is full.
func (h *half) write(p []byte) (n int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for len(p) > 0 {
		switch {
		case h.writing.over:
			return n, os.ErrDeadlineExceeded
		case h.broken || h.ended:
			return n, syscall.EPIPE
		case h.deaf:
			return n + len(p), nil
		case len(h.buffer) >= bufferSize:
			h.changed.Wait()
			continue
		}
		taken := h.take(p)
		p, n = p[taken:], n+taken
	}
	return n, nil
}

// take puts as much of p into the buffer as fits before it is full or cut.
func (h *half) take(p []byte) int {
	n := min(len(p), bufferSize-len(h.buffer))
	if h.cut >= 0 {
		n = min(n, h.cut)
		h.cut -= n
	}
	h.buffer = append(h.buffer, p[:n]...)
	if h.cut == 0 {
		h.ended = true
		if h.onCut != nil {
			go h.onCut()
		}
	}
	h.changed.Broadcast()
	return n
}

// end lets the reader find the end after what has been written.
func (h *half) end() { h.set(func() { h.ended = true }) }

// reset breaks the half at once.
func (h *half) reset() { h.set(func() { h.broken = true }) }

// deafen drops what is written from now on.
func (h *half) deafen() { h.set(func() { h.deaf = true }) }

func (h *half) set(change func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	change()
	h.changed.Broadcast()
}

// stop stops the timers of deadlines.
func (h *half) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reading.stop()
	h.writing.stop()
}

// deadline is the time until which reads or writes of a half may wait. The half's
// lock guards it.
type deadline struct {
	timer      *time.Timer
	generation int
	over       bool
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

// setDeadline sets one of the half's deadlines; a zero time is none.
func (h *half) setDeadline(d *deadline, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	d.stop()
	d.generation++
	wait := time.Until(at)
	d.over = !at.IsZero() && wait <= 0
	h.changed.Broadcast()
	if at.IsZero() || d.over {
		return
	}
	generation := d.generation
	d.timer = time.AfterFunc(wait, func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if d.generation == generation {
			d.over = true
			h.changed.Broadcast()
		}
	})
}
