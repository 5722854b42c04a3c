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

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/port"
)

// numbers reads a sequence of numbers from one response.
func numbers(t *testing.T, contentType string, body io.Reader, limit int64) (all []int, err error) {
	t.Helper()
	response := &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(body)}
	s := &Sequence{
		Decoder: Decoder{NewCodecs[Codec](nil)},
		Open: func(string) (*Stream, error) {
			return &Stream{Response: response, Limit: limit, Failed: func(err error) error { return err }}, nil
		},
	}
	element := new(int)
	s.Each(context.Background(), func() any { element = new(int); return element }, func(failed error) bool {
		if err = failed; err == nil {
			all = append(all, *element)
		}
		return true
	})
	return all, err
}

func TestElementsOfEveryMediaType(t *testing.T) {
	const jsonType = "application/json"
	for name, test := range map[string]struct {
		contentType, body string
		want              []int
	}{
		"an array":                            {jsonType, "[1, 2,3]", []int{1, 2, 3}},
		"values":                              {jsonType, "1\n2 3", []int{1, 2, 3}},
		"values of no type":                   {"", "1\n2", []int{1, 2}},
		"values with a charset":               {"application/json; charset=utf-8", "1\r\n2\r\n", []int{1, 2}},
		"one value":                           {jsonType, "1", []int{1}},
		"nothing":                             {jsonType, "", nil},
		"only spaces":                         {jsonType, " \r\n\t", nil},
		"null":                                {jsonType, " null\n", nil},
		"null of a vendor's type":             {"application/vnd.x+json", "null", nil},
		"an empty array":                      {jsonType, "[]", nil},
		"a byte order mark, array":            {jsonType, "\ufeff[1]", []int{1}},
		"a byte order mark, values":           {"application/x-ndjson", "\ufeff1\n2", []int{1, 2}},
		"a byte order mark alone":             {jsonType, "\ufeff", nil},
		"application/jsonl":                   {"application/jsonl", "1\n2\n", []int{1, 2}},
		"application/x-ndjson":                {"application/x-ndjson", "1\n\n2", []int{1, 2}},
		"application/stream+json":             {"application/stream+json", "1\n2\n", []int{1, 2}},
		"application/json-seq":                {"application/json-seq", "\x1e1\n\x1e2\n", []int{1, 2}},
		"application/json-seq, empty records": {"application/json-seq", "\x1e\x1e1\n\x1e\n\x1e2\n", []int{1, 2}},
		"application/geo+json-seq":            {"application/geo+json-seq", "\x1e1\n", []int{1}},
		"no lines":                            {"application/x-ndjson", "", nil},
		"events":                              {"text/event-stream", "data:1\r\rdata:2\r\r", []int{1, 2}},
		"no events":                           {"text/event-stream", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			for _, reader := range []io.Reader{strings.NewReader(test.body), iotest.OneByteReader(strings.NewReader(test.body))} {
				got, err := numbers(t, test.contentType, reader, 9)
				require.NoError(t, err)
				require.Equal(t, test.want, got)
			}
		})
	}
}

func TestElementsThatCannotBeRead(t *testing.T) {
	broken := errors.New("the connection broke")
	for name, test := range map[string]struct {
		contentType, body string
		after             error // of reading the body
		read              int   // elements before the error
		want              error
	}{
		"an array cut off":             {"application/json", "[1,", io.EOF, 1, ErrDecode},
		"a beginning cut off":          {"application/json", "nul", io.EOF, 0, ErrDecode},
		"a mark cut off":               {"application/json", "\xef\xbb", io.EOF, 0, ErrDecode},
		"no JSON":                      {"application/json", "<html>", io.EOF, 0, ErrDecode},
		"something after an array":     {"application/json", "[1] 2", io.EOF, 1, ErrDecode},
		"an array closed by a brace":   {"application/json", "[1}", io.EOF, 1, ErrDecode},
		"an array among lines":         {"application/x-ndjson", "1\n[2]", io.EOF, 1, ErrDecode},
		"a connection that broke":      {"application/json", "[1, ", broken, 1, broken},
		"one that broke in a value":    {"application/x-ndjson", "1\n\"a", broken, 1, broken},
		"one that broke at once":       {"application/json", "", broken, 0, broken},
		"a wrong value before a break": {"application/x-ndjson", "1\n\"a\"\n", broken, 1, ErrDecode},
		"a value too large":            {"application/json", "1\n 12345678901234567", io.EOF, 1, port.ErrTooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			body := io.MultiReader(strings.NewReader(test.body), iotest.ErrReader(test.after))
			got, err := numbers(t, test.contentType, body, 8)
			require.ErrorIs(t, err, test.want)
			require.Len(t, got, test.read)
			if test.want != ErrDecode {
				require.NotErrorIs(t, err, ErrDecode)
			}
		})
	}
}

func TestAnElementIsThereAsSoonAsItIsWhole(t *testing.T) {
	for contentType, pieces := range map[string][2]string{
		"application/json":     {`{"a":1}`, `{"a":2}`},
		"application/x-ndjson": {`{"a":1}`, `{"a":2}`},
		"application/json-seq": {"\x1e{\"a\":1}", "\x1e{\"a\":2}"},
		"text/json":            {`[{"a":1}`, `,{"a":2}]`},
	} {
		reader, writer := io.Pipe()
		j := newJSONElements(reader, 0, isSequenceOfJSON(contentType))
		for i, piece := range pieces {
			go func() { _, _ = io.WriteString(writer, piece) }() // and nothing more
			var got struct{ A int }
			require.NoError(t, j.next(&got), contentType)
			require.Equal(t, i+1, got.A, contentType)
		}
	}
}

// FuzzElements reads elements of anything.
func FuzzElements(f *testing.F) {
	for _, seed := range []string{"[1,2]", "\x1e1\n", "\ufeffnull", "1 2", "[[1]", "{}", "\xef\xbb1"} {
		f.Add("application/json", seed)
		f.Add("application/json-seq", seed)
	}
	f.Fuzz(func(t *testing.T, contentType, body string) {
		if _, err := numbers(t, contentType, strings.NewReader(body), 1000); err != nil && !errors.Is(err, ErrDecode) && !errors.Is(err, port.ErrTooLarge) {
			t.Fatalf("%s, %q: %v", contentType, body, err)
		}
	})
}
