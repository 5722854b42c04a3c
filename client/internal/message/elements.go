// SPDX-License-Identifier: Apache-2.0

package message

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// elements returns a function that takes the next element of a body into its
// target, and io.EOF after the last. No element may have more than limit bytes.
func (d Decoder) elements(response *http.Response, limit int64, events *eventReader) func(target any) error {
	if isEventStream(response) {
		events.read(response.Body, limit)
		return func(target any) error {
			e, err := events.next()
			if err != nil {
				return err
			}
			return d.decodeEvent(e, target)
		}
	}
	return newJSONElements(response.Body, limit, isSequenceOfJSON(MediaType(contentTypeOf(response.Header)))).next
}

func isEventStream(response *http.Response) bool {
	return MediaType(contentTypeOf(response.Header)) == "text/event-stream"
}

// isSequenceOfJSON reports whether a media type is that of JSON values one after
// the other, so that an array is one of them.
func isSequenceOfJSON(mediaType string) bool {
	for _, ending := range []string{"ndjson", "jsonl", "jsonlines", "json-lines", "json-seq", "stream+json", "json-stream"} {
		if strings.HasSuffix(mediaType, ending) {
			return true
		}
	}
	return false
}

// jsonElements reads JSON values one after the other. If the media type does not
// say that they are, the first byte decides: the body may be an array of them, or
// null.
type jsonElements struct {
	limited    *elementReader
	source     *bufio.Reader // of limited
	values     *json.Decoder // of source
	isSequence bool          // by the media type
	isBegun    bool
	isArray    bool
}

func newJSONElements(body io.Reader, limit int64, isSequence bool) *jsonElements {
	const smallest = 16 // it is read past
	limited := &elementReader{r: body, limit: limit, left: limit}
	source := bufio.NewReaderSize(limited, smallest)
	return &jsonElements{limited: limited, source: source, values: json.NewDecoder(source), isSequence: isSequence}
}

// next takes the next element into target.
func (j *jsonElements) next(target any) error {
	if !j.isBegun {
		j.isBegun = true
		if err := j.begin(); err != nil {
			return j.failed(err, "")
		}
	}
	if !j.values.More() {
		return j.failed(j.end(), "")
	}
	err := usercode.Call(func() error { return j.values.Decode(target) })
	if err == io.EOF { // after a comma
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return j.failed(err, " as "+typeOf(target))
	}
	j.limited.left = j.limited.limit
	return nil
}

// begin reads up to the first element.
func (j *jsonElements) begin() error {
	first, err := j.first()
	if err != nil || j.isSequence {
		return err
	}
	if j.isArray = first == '['; j.isArray || first == 'n' { // null
		_, err = j.values.Token()
	}
	return err
}

// first returns the first byte that is neither of a byte order mark nor space.
func (j *jsonElements) first() (byte, error) {
	for isAtStart := true; ; isAtStart = false {
		next, err := j.source.Peek(1)
		if err != nil {
			return 0, err
		}
		width := 1
		switch c := next[0]; {
		case isAtStart && c == byteOrderMark[0]:
			mark, _ := j.source.Peek(len(byteOrderMark)) // an error comes again
			if string(mark) != byteOrderMark {
				return c, nil
			}
			width = len(mark)
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			return c, nil
		}
		_, _ = j.source.Discard(width)
	}
}

// end is io.EOF unless something follows, or the end of the array is missing.
func (j *jsonElements) end() error {
	if j.isArray {
		if token, err := j.values.Token(); err == io.EOF {
			return io.ErrUnexpectedEOF
		} else if err != nil {
			return err
		} else if token != json.Delim(']') {
			return plainError("its array is not closed")
		}
	}
	if _, err := j.values.Token(); err != nil {
		return err
	}
	return plainError("something follows its end")
}

// failed is the error of a body that broke, or else that of one that cannot be
// decoded.
func (j *jsonElements) failed(err error, what string) error {
	broken := j.limited.broken
	switch {
	case broken != nil && (err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, broken)):
		return broken
	case err == io.EOF:
		return err
	}
	return NewDecodeError(what, err)
}

// elementReader limits what is read for one element. A record separator, which
// begins each value of a JSON text sequence (RFC 7464) and cannot stand in one, is
// read as a line end.
type elementReader struct {
	r           io.Reader
	limit, left int64 // limit 0: none
	broken      error // what ended the body before its end
}

// Read implements [io.Reader].
func (e *elementReader) Read(p []byte) (int, error) {
	if e.limit > 0 {
		if e.left <= 0 {
			e.broken = TooLarge(e.limit)
			return 0, e.broken
		}
		p = p[:min(int64(len(p)), e.left)]
	}
	n, err := e.r.Read(p)
	e.left -= int64(n)
	const recordSeparator = '\x1e'
	for i, c := range p[:max(n, 0)] {
		if c == recordSeparator {
			p[i] = '\n'
		}
	}
	err = usercode.Error(err)
	if err != nil && err != io.EOF {
		e.broken = err
	}
	return n, err
}
