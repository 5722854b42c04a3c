// SPDX-License-Identifier: Apache-2.0

package message

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestOnlyAStreamOfEventsGoesOn(t *testing.T) {
	broken := errors.New("the connection broke")
	for name, test := range map[string]struct {
		contentType, body string
		status            int
		after             error // of reading the body
		opens, elements   int
		want              error
	}{
		"events":            {"text/event-stream; charset=utf-8", "data: 1\n\n", 200, io.EOF, 3, 3, errOver},
		"events that break": {"text/event-stream", "data: 1\n\n", 200, broken, 3, 3, errOver},
		"no events":         {"text/event-stream", "", 200, io.EOF, 3, 0, errOver},
		"204":               {"text/event-stream", "", 204, io.EOF, 1, 0, nil},
		"an array":          {"application/json", "[1]", 200, io.EOF, 1, 1, nil},
		"lines":             {"application/x-ndjson", "1\n2", 200, io.EOF, 1, 2, nil},
		"lines that break":  {"application/x-ndjson", "1\n2\n", 200, broken, 1, 2, broken},
		"nothing":           {"", "", 200, io.EOF, 1, 0, nil},
		"a page":            {"text/html", "<html>", 200, io.EOF, 1, 0, ErrDecode},
	} {
		t.Run(name, func(t *testing.T) {
			opens, elements := 0, 0
			s := &Sequence{
				Decoder: Decoder{NewCodecs[Codec](nil)}, Reconnects: true,
				Open: func(string) (*Stream, error) {
					opens++
					body := io.MultiReader(strings.NewReader(test.body), iotest.ErrReader(test.after))
					response := &http.Response{StatusCode: test.status, Header: http.Header{"Content-Type": {test.contentType}}, Body: io.NopCloser(body)}
					return &Stream{Response: response, Failed: func(err error) error { return err }}, nil
				},
				Sleep: func(time.Duration) error {
					if opens == 3 {
						return errOver
					}
					return nil
				},
			}
			var last error
			s.Each(context.Background(), func() any { return new(int) }, func(err error) bool {
				if last = err; err == nil {
					elements++
				}
				return true
			})
			require.Equal(t, test.opens, opens)
			require.Equal(t, test.elements, elements)
			require.ErrorIs(t, last, test.want)
			if test.want == nil {
				require.NoError(t, last)
			}
		})
	}
}

var errOver = errors.New("the test is over")
