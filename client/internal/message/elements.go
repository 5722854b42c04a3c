// SPDX-License-Identifier: Apache-2.0

package message

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// elements returns a function that takes the next element of a body into its
// target, and io.EOF after the last. No element may have more than limit bytes.
func (d Decoder) elements(response *http.Response, limit int64, events *eventReader) func(target any) error {
	switch mediaType := MediaType(contentTypeOf(response.Header)); {
	case mediaType == "text/event-stream":
		events.read(response.Body, limit)
		return func(target any) error {
			e, err := events.next()
			if err != nil {
				return err
			}
			return d.decodeEvent(e, target)
		}
	case strings.HasSuffix(mediaType, "ndjson"), strings.HasSuffix(mediaType, "jsonl"), strings.HasSuffix(mediaType, "json-lines"):
		return jsonElements(response.Body, limit, false)
	}
	return jsonElements(response.Body, limit, true)
}

// jsonElements reads the elements of an array, or values one after the other.
func jsonElements(body io.Reader, limit int64, isArray bool) func(target any) error {
	limited := &elementReader{r: body, limit: limit, left: limit}
	values := json.NewDecoder(limited)
	isBegun := !isArray
	return func(target any) error {
		if !isBegun {
			isBegun = true
			if err := expect(values, '['); err != nil {
				return limited.brokenOr(err)
			}
		}
		if !values.More() {
			if isArray {
				if err := expect(values, ']'); err != nil {
					return limited.brokenOr(err)
				}
			}
			return limited.brokenOr(endOf(values))
		}
		if err := values.Decode(target); err != nil {
			if err == io.EOF { // after a comma
				err = io.ErrUnexpectedEOF
			}
			return limited.brokenOr(decodeError(usercode.Error(err), target))
		}
		limited.left = limited.limit
		return nil
	}
}

// expect reads the bracket that begins or ends an array.
func expect(values *json.Decoder, bracket json.Delim) error {
	token, err := values.Token()
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: %w", ErrDecode, io.ErrUnexpectedEOF)
	case err != nil:
		return decodeError(err, nil)
	case token != bracket:
		return fmt.Errorf("%w: it is no JSON array, but has %v where %v should be", ErrDecode, token, bracket)
	}
	return nil
}

// endOf is io.EOF unless something follows.
func endOf(values *json.Decoder) error {
	_, err := values.Token()
	switch {
	case err == io.EOF:
		return io.EOF
	case err == nil:
		return fmt.Errorf("%w: something follows its end", ErrDecode)
	}
	return decodeError(err, nil)
}

// decodeError tells JSON that is wrong from a stream that broke.
func decodeError(err error, target any) error {
	if errors.Is(err, ErrDecode) { // of the body's content coding
		return err
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	if !errors.As(err, &syntax) && !errors.As(err, &kind) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	if target == nil {
		return fmt.Errorf("%w: %w", ErrDecode, err)
	}
	return fmt.Errorf("%w as %s: %w", ErrDecode, typeOf(target), err)
}

// elementReader limits what is read for one element.
type elementReader struct {
	r           io.Reader
	limit, left int64 // limit 0: none
	broken      error // what ended the body before its end
}

// brokenOr returns why the body broke off, if err says that it ended too early;
// else err.
func (e *elementReader) brokenOr(err error) error {
	if e.broken != nil && (err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF)) {
		return e.broken
	}
	return err
}

func (e *elementReader) Read(p []byte) (int, error) {
	if e.limit > 0 {
		if e.left <= 0 {
			return 0, TooLarge(e.limit)
		}
		p = p[:min(int64(len(p)), e.left)]
	}
	n, err := e.r.Read(p)
	e.left -= int64(n)
	err = usercode.Error(err)
	if err != nil && err != io.EOF {
		e.broken = err
	}
	return n, err
}
