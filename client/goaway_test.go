// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/pyfly-go/pyfly/client"
)

// The frames of HTTP/2 (RFC 9113, section 6) that these tests need.
const (
	frameData, frameHeaders, frameSettings, frameGoAway = 0x0, 0x1, 0x4, 0x7
	flagEndStream, flagAck                              = 0x1, 0x1
)

func writeFrame(w io.Writer, kind, flags byte, payload []byte) error {
	frame := []byte{0, 0, byte(len(payload)), kind, flags, 0, 0, 0, 0}
	_, err := w.Write(append(frame, payload...))
	return err
}

// goAwayServer speaks HTTP/2 as far as to read a request whole; then it says
// that the last stream it has processed is lastStream, and hangs up.
func goAwayServer(t *testing.T, lastStream uint32) (url string, requests *atomic.Int32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	requests = &atomic.Int32{}
	serve := func(conn net.Conn) error {
		defer func() { _ = conn.Close() }()
		const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
		if _, err := io.CopyN(io.Discard, conn, int64(len(preface))); err != nil {
			return err
		}
		if err := writeFrame(conn, frameSettings, 0, nil); err != nil {
			return err
		}
		for {
			var head [9]byte
			if _, err := io.ReadFull(conn, head[:]); err != nil {
				return err
			}
			size := int64(head[0])<<16 | int64(head[1])<<8 | int64(head[2])
			if _, err := io.CopyN(io.Discard, conn, size); err != nil {
				return err
			}
			kind, flags := head[3], head[4]
			if kind == frameSettings && flags&flagAck == 0 {
				if err := writeFrame(conn, frameSettings, flagAck, nil); err != nil {
					return err
				}
			}
			if (kind == frameHeaders || kind == frameData) && flags&flagEndStream != 0 {
				requests.Add(1)
				payload := binary.BigEndian.AppendUint64(nil, uint64(lastStream)<<32) // no error
				return writeFrame(conn, frameGoAway, 0, payload)
			}
		}
	}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _ = serve(conn) }()
		}
	}()
	return "http://" + listener.Addr().String(), requests
}

func TestAPostIsNotRepeatedAfterAGoAwayThatCoversIt(t *testing.T) {
	url, requests := goAwayServer(t, 1)
	c := wireBy[oddClient](t, over("odd", url, "pyfly.client.services.odd.http2", "prior-knowledge"))
	_, err := c.Post(t.Context())
	if err == nil || errors.Is(err, client.ErrInvalidRequest) || requests.Load() != 1 {
		t.Errorf("%d requests, %v; want 1 and an error", requests.Load(), err)
	}
	if _, err := c.Get(t.Context()); err == nil || requests.Load() < 4 {
		t.Errorf("%d requests, %v; want 3 more of a GET", requests.Load(), err)
	}
}
