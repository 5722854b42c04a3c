// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// elementOf returns the T of an iter.Seq2[T, error], or nil for any other type.
func elementOf(t reflect.Type) reflect.Type {
	if t.Kind() != reflect.Func || t.NumIn() != 1 || t.NumOut() != 0 {
		return nil
	}
	yield := t.In(0)
	if yield.Kind() != reflect.Func || yield.NumIn() != 2 || yield.In(1) != errorType ||
		yield.NumOut() != 1 || yield.Out(0).Kind() != reflect.Bool {
		return nil
	}
	return yield.In(0)
}

// sequence makes the iterator of one call. The request is sent when the loop
// begins, for each loop anew; the end of the loop ends the stream.
func (f *frontEnd) sequence(ctx context.Context, args []reflect.Value) reflect.Value {
	t := f.encoder.typ.Out(0)
	element := elementOf(t)
	return reflect.MakeFunc(t, func(loop []reflect.Value) []reflect.Value {
		yield := func(v reflect.Value, err error) bool {
			if err != nil {
				v = reflect.Zero(element)
			}
			return loop[0].Call([]reflect.Value{v, reflect.ValueOf(&err).Elem()})[0].Bool()
		}
		f.iterate(ctx, args, element, yield)
		return nil
	})
}

func (f *frontEnd) iterate(ctx context.Context, args []reflect.Value, element reflect.Type, yield func(reflect.Value, error) bool) {
	events := &eventReader{reconnection: reconnectionDelay}
	for {
		err := f.iterateOnce(ctx, args, element, events, yield)
		if err == errLoopLeft || err == io.EOF && !f.encoder.Reconnect {
			return
		}
		if err != io.EOF || events.isOver {
			yieldError(yield, err)
			return
		}
		if err := f.sleep(ctx, events.wait()); err != nil {
			g, op := f.current()
			yieldError(yield, g.NotSent(op, &message.Message{Path: f.encoder.Path}, err))
			return
		}
	}
}

func yieldError(yield func(reflect.Value, error) bool, err error) {
	if err != io.EOF {
		yield(reflect.Value{}, err)
	}
}

// reconnectionDelay is how long to wait before a reconnection unless the server
// says otherwise.
const reconnectionDelay = 3 * time.Second

// errLoopLeft says that the caller has left the loop.
var errLoopLeft = errors.New("the loop was left")

// iterateOnce reads one answer. It returns io.EOF when that has ended, or, if
// the method reconnects, broken off.
func (f *frontEnd) iterateOnce(ctx context.Context, args []reflect.Value, element reflect.Type, events *eventReader, yield func(reflect.Value, error) bool) error {
	response, msg, err := f.open(ctx, args, events.lastID)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if events.isOver = response.StatusCode == http.StatusNoContent; events.isOver { // no more, says the standard
		return io.EOF
	}
	g, op := f.current()
	next := f.decoder.elements(response, op.MaxResponseSize, events)
	for {
		target := reflect.New(element)
		err := usercode.Error(next(target.Interface()))
		switch {
		case err == io.EOF:
			return io.EOF
		case err != nil && f.encoder.Reconnect && ctx.Err() == nil && !errors.Is(err, ErrDecode) && !errors.Is(err, ErrTooLarge):
			return io.EOF
		case err != nil:
			return g.StreamFailed(ctx, op, msg, response, err)
		case !yield(target.Elem(), nil):
			return errLoopLeft
		}
	}
}

// sleep waits until the time is over, or the client stops.
func (f *frontEnd) sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		g, _ := f.current()
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-g.Stopped():
			if next, _ := f.current(); next == g { // it has not just been replaced
				return ErrStopped
			}
		}
	}
}

// elements returns a function that takes the next element of a body into its
// target, and io.EOF after the last. No element may have more than limit bytes.
func (d decoder) elements(response *http.Response, limit int64, events *eventReader) func(target any) error {
	switch mediaType := mediaTypeOf(contentTypeOf(response.Header)); {
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
	return fmt.Errorf("%w as %s: %w", ErrDecode, reflect.TypeOf(target).Elem(), err)
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
			return 0, message.TooLarge(e.limit)
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
