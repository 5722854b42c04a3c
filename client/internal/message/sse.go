// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"time"
)

// Event is a server-sent event, as the HTML standard has it (section 9.2).
type Event struct {
	ID    string        // the last one that the server has sent
	Name  string        // "message" unless the server says otherwise
	Data  string        // lines joined by line feeds
	Retry time.Duration // how long to wait before a reconnection, if the server says so
}

// eventReader reads server-sent events, of one connection after the other.
type eventReader struct {
	lines        *bufio.Reader
	limit        int64 // bytes of one event; 0: none
	isBegun      bool
	skipsLF      bool          // the line before ended with CR, of which a LF is a part
	brought      bool          // the connection has brought an event
	idle         int           // connections in a row that have brought none
	lastID       string        // of the last event that came whole
	idBuffer     string        // of the one that is being read
	reconnection time.Duration // what to wait before one
	isOver       bool          // there is to be none
}

// read begins with another connection.
func (r *eventReader) read(body io.Reader, limit int64) {
	r.lines, r.limit, r.isBegun, r.skipsLF, r.brought = bufio.NewReader(body), limit, false, false, false
	r.idBuffer = r.lastID
}

// next returns the next event that has data, and io.EOF after the last; an
// event that the end cuts off is dropped.
func (r *eventReader) next() (Event, error) {
	e := Event{Name: "message"}
	var data []string
	size := int64(0)
	for {
		line, err := r.line(&size)
		if err != nil {
			return Event{}, err
		}
		if line != "" {
			r.field(&e, &data, line)
			continue
		}
		r.lastID = r.idBuffer
		if data == nil { // nothing to dispatch
			e, size = Event{Name: "message", Retry: e.Retry}, 0
			continue
		}
		e.ID, e.Data = r.lastID, strings.Join(data, "\n")
		r.brought = true
		return e, nil
	}
}

// The shortest and the longest wait before a reconnection, but for a longer one
// that the server asks for.
const (
	minReconnection = 100 * time.Millisecond
	maxReconnection = 30 * time.Second
)

// wait returns how long to wait before the next connection: what the server says,
// but not less than a floor, and twice as long after each connection in a row that
// has brought no event.
func (r *eventReader) wait() time.Duration {
	if r.brought {
		r.idle = 0
	}
	delay := max(r.reconnection, minReconnection)
	for range min(r.idle, 10) {
		if delay >= maxReconnection {
			break
		}
		delay = min(2*delay, maxReconnection)
	}
	r.idle++
	return delay
}

// line returns the next line without its end, which is CR LF, LF or CR. It does
// not wait for what comes after a CR.
func (r *eventReader) line(size *int64) (string, error) {
	var line []byte
	for {
		c, err := r.lines.ReadByte()
		if err != nil {
			return "", err
		}
		if skips := r.skipsLF; skips {
			if r.skipsLF = false; c == '\n' {
				continue
			}
		}
		if *size++; r.limit > 0 && *size > r.limit {
			return "", TooLarge(r.limit)
		}
		switch c {
		case '\n':
			return r.begin(line), nil
		case '\r':
			r.skipsLF = true
			return r.begin(line), nil
		}
		line = append(line, c)
	}
}

// begin takes a byte order mark off the first line.
func (r *eventReader) begin(line []byte) string {
	text := string(line)
	if !r.isBegun {
		r.isBegun = true
		text = strings.TrimPrefix(text, byteOrderMark)
	}
	return text
}

func (r *eventReader) field(e *Event, data *[]string, line string) {
	name, value, _ := strings.Cut(line, ":")
	value = strings.TrimPrefix(value, " ")
	switch name {
	case "event":
		e.Name = value
		if value == "" {
			e.Name = "message"
		}
	case "data":
		*data = append(*data, value)
	case "id":
		if !strings.ContainsFunc(value, isControl) { // else it could not be sent
			r.idBuffer = value
		}
	case "retry":
		if ms, err := strconv.ParseUint(value, 10, 31); err == nil {
			e.Retry = time.Duration(ms) * time.Millisecond
			r.reconnection = e.Retry
		}
	}
}

// decodeEvent takes an event into an element.
func (d Decoder) decodeEvent(e Event, target any) error {
	switch t := target.(type) {
	case *Event:
		*t = e
		return nil
	case *string:
		*t = e.Data
		return nil
	}
	if err := decode(d.Codecs.exactly(jsonMediaType), []byte(e.Data), target); err != nil {
		return NewDecodeError(" as "+typeOf(target)+", the data of an event", err)
	}
	return nil
}
