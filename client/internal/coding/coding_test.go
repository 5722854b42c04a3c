// SPDX-License-Identifier: Apache-2.0

package coding_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/coding"
)

var builtIn = coding.New[coding.Coding](nil)

func packed(t *testing.T, text string) string {
	t.Helper()
	encoded, err := coding.Encode(builtIn.Of("gzip"), []byte(text))
	require.NoError(t, err)
	return string(encoded)
}

// decoded reads a response with a content encoding.
func decoded(encoding string, body io.Reader) (string, *http.Response, error) {
	response := &http.Response{Header: http.Header{"Content-Encoding": {encoding}, "Content-Length": {"7"}}, Body: io.NopCloser(body), ContentLength: 7}
	builtIn.Decode(response, false)
	got, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	return string(got), response, err
}

func TestABodyIsDecoded(t *testing.T) {
	text := strings.Repeat("text ", 100)
	for encoding, body := range map[string]string{
		"gzip": packed(t, text), "x-gzip": packed(t, text), "X-GZIP": packed(t, text), "gzip, x-gzip": packed(t, packed(t, text)),
		"identity, gzip": packed(t, text), "identity": text, "unknown": text, "": text,
	} {
		got, response, err := decoded(encoding, strings.NewReader(body))
		require.NoError(t, err, encoding)
		require.Equal(t, text, got, encoding)
		isDecoded := strings.Contains(strings.ToLower(encoding), "gzip")
		require.Equal(t, isDecoded, response.Uncompressed && response.ContentLength == -1 && response.Header.Get("Content-Length") == "", encoding)
	}
	got, _, err := decoded("gzip", strings.NewReader(""))
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestWhatIsNotOfTheCodingIsAnErrorThatQuotesNothing(t *testing.T) {
	const text = "hunter2"
	for name, body := range map[string]string{
		"short": "{}", "one byte": "x", "text": text + text, "cut off": packed(t, text)[:5], "cut off later": packed(t, text)[:14], "a wrong sum": packed(t, text)[:18] + "12345678",
	} {
		_, _, err := decoded("gzip", strings.NewReader(body))
		require.ErrorIs(t, err, coding.ErrDecode, name)
		require.ErrorAs(t, err, new(*coding.Error), name)
		require.Equal(t, "the answer cannot be decoded: it is not of its content coding gzip", err.Error())
	}
}

func TestABodyThatBreaksOffIsNoErrorOfItsCoding(t *testing.T) {
	broken := errors.New("the connection broke")
	for _, after := range []error{broken, io.ErrUnexpectedEOF} {
		for _, n := range []int{0, 5, 14} {
			_, _, err := decoded("gzip", io.MultiReader(strings.NewReader(packed(t, "some text")[:n]), iotest.ErrReader(after)))
			require.Equal(t, after, err)
		}
	}
}

// FuzzDecode decodes anything.
func FuzzDecode(f *testing.F) {
	f.Add("gzip", []byte("no gzip"))
	f.Add("x-gzip, gzip", []byte{0x1f, 0x8b, 8})
	f.Fuzz(func(t *testing.T, encoding string, body []byte) {
		got, response, err := decoded(encoding, bytes.NewReader(body))
		switch {
		case err != nil && !errors.Is(err, coding.ErrDecode):
			t.Fatalf("%q: %v", encoding, err)
		case !response.Uncompressed && got != string(body):
			t.Fatalf("%q: got %q", encoding, got)
		}
	})
}
