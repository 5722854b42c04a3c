// SPDX-License-Identifier: Apache-2.0

package message

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/kernel"
)

const secretValue = "4111111111111111"

// quoting is a type whose UnmarshalJSON returns an error that quotes its input.
type quoting struct{ error }

func (*quoting) UnmarshalJSON(data []byte) error { return fmt.Errorf("%s is not valid", data) }

type quotedWrapped struct{}

func (*quotedWrapped) UnmarshalJSON(data []byte) error {
	_, err := strconv.Atoi(string(data))
	return fmt.Errorf("card %s: %w", data, err)
}

type panicking struct{}

func (*panicking) UnmarshalJSON(data []byte) error { panic("card " + string(data)) }

type order struct {
	Count int           `json:"count"`
	Small int8          `json:"small"`
	At    time.Time     `json:"at"`
	Card  quoting       `json:"card"`
	Wraps quotedWrapped `json:"wraps"`
	Panic panicking     `json:"panics"`
	Data  []byte        `json:"data"`
	Num   json.Number   `json:"num"`
}

func TestADecodeErrorQuotesNoValue(t *testing.T) {
	for name, test := range map[string]struct{ contentType, body, want string }{
		"a string for a number":       {"application/json", `{"count":"` + secretValue + `"}`, "cannot unmarshal string into Go struct field order.count of type int"},
		"a number that does not fit":  {"application/json", `{"small":` + secretValue + `}`, "cannot unmarshal number into Go struct field order.small of type int8"},
		"a time":                      {"application/json", `{"at":"` + secretValue + `"}`, `a time is not of the layout "2006-01-02T15:04:05Z07:00"`},
		"an error of UnmarshalJSON":   {"application/json", `{"card":"` + secretValue + `"}`, "(*errors.errorString, whose text is left out because it may quote the response)"},
		"one that wraps another":      {"application/json", `{"wraps":"` + secretValue + `"}`, "a text is not a number that fits"},
		"a panic of UnmarshalJSON":    {"application/json", `{"panics":"` + secretValue + `"}`, "a panic"},
		"no base64":                   {"application/json", `{"data":"` + secretValue + `!"}`, "illegal base64 data at input byte 16"},
		"no number":                   {"application/json", `{"num":"x` + secretValue + `"}`, "text is left out"},
		"no JSON":                     {"application/json", `<` + secretValue, "invalid character '<' looking for beginning of value"},
		"JSON cut off":                {"application/json", `{"count":`, "unexpected end of JSON input"},
		"no XML":                      {"application/xml", `<order>` + secretValue + `</b` + secretValue + `>`, "XML syntax error on line 1"},
		"another XML":                 {"application/xml", `<n` + secretValue + `/>`, "cannot be decoded as message.order"},
		"an XML number":               {"application/xml", `<order><Count>x` + secretValue + `</Count></order>`, "a text is not a number that fits"},
		"no form":                     {FormMediaType, `%zz` + secretValue, "cannot be decoded as message.order"},
		"a form for another type":     {FormMediaType, `a=` + secretValue, "a form cannot be taken into a *message.order: take a url.Values"},
		"a content type of no codec":  {"text/html", `<html>` + secretValue, `(its content type is "text/html")`},
		"a content type without end":  {"text/" + strings.Repeat("x", 5000), secretValue + "x", "its content type is"},
		"a content type that is none": {"a\x00\x1b[31m", secretValue + "x", `a\\x00\\x1b[31m`},
	} {
		t.Run(name, func(t *testing.T) {
			d := Decoder{NewCodecs[Codec](nil)}
			var target any = new(order)
			if strings.HasSuffix(test.contentType, "xml") {
				target = &struct {
					XMLName struct{} `xml:"order"`
					Count   int
				}{}
				test.want = strings.ReplaceAll(test.want, "message.order", "struct {")
			}
			err := d.Decode(&Response{Header: http.Header{"Content-Type": {test.contentType}}, Body: []byte(test.body)}, target)
			require.ErrorIs(t, err, ErrDecode)
			require.ErrorContains(t, err, test.want)
			requireHarmless(t, err)
			if strings.HasSuffix(test.contentType, "json") { // an event has no media type of its own
				requireHarmless(t, d.decodeEvent(Event{Name: secretValue, Data: test.body}, target))
			}
		})
	}
}

// requireHarmless fails unless the text of an error can be logged.
func requireHarmless(t *testing.T, err error) {
	t.Helper()
	require.NotContains(t, err.Error(), secretValue)
	require.LessOrEqual(t, len(err.Error()), MaxQuoted)
	require.NotRegexp(t, `[[:cntrl:]]`, err.Error())
}

func TestTheCauseOfADecodeErrorIsFound(t *testing.T) {
	decode := func(body string) error {
		return Decoder{NewCodecs[Codec](nil)}.Decode(&Response{Body: []byte(body)}, new(order))
	}
	require.ErrorAs(t, decode(`{"count":"x"}`), new(*json.UnmarshalTypeError))
	require.ErrorAs(t, decode(`{"at":"x"}`), new(*time.ParseError))
	require.ErrorAs(t, decode(`{"wraps":1.5}`), new(*strconv.NumError))
	require.ErrorAs(t, decode(`{"panics":1}`), new(*kernel.PanicError))
}

func TestAByteOrderMarkBeforeJSONIsIgnored(t *testing.T) {
	d := Decoder{NewCodecs[Codec](nil)}
	for _, contentType := range []string{"application/json", "application/problem+json", "", "text/plain"} {
		var got order
		r := &Response{Header: http.Header{"Content-Type": {contentType}}, Body: []byte("\ufeff{\"count\":3}")}
		require.NoError(t, d.Decode(r, &got), contentType)
		require.Equal(t, 3, got.Count, contentType)
	}
	var got struct{ Count int }
	r := &Response{Header: http.Header{"Content-Type": {"application/xml"}}, Body: []byte("\ufeff<a><Count>3</Count></a>")}
	require.NoError(t, d.Decode(r, &got))
	require.Equal(t, 3, got.Count)
}

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"":              "",
		"plain ä €":     "plain ä €",
		"a\x00b\r\nc\t": `a\x00b\r\nc\t`,
		"\x1b[31mred":   `\x1b[31mred`,
		"\u202eevil":    `\u202eevil`,
	} {
		require.Equal(t, want, Printable(text, 100))
	}
	for _, text := range []string{strings.Repeat("x", 600), strings.Repeat("€", 300), strings.Repeat("\x00", 200)} {
		got := Printable(text, MaxQuoted)
		require.LessOrEqual(t, len(got), MaxQuoted)
		require.Greater(t, len(got), MaxQuoted-10)
		require.True(t, utf8.ValidString(got) && strings.HasSuffix(got, "..."), got)
	}
	require.Equal(t, strings.Repeat("x", 512), Printable(strings.Repeat("x", 512), 512))
}
