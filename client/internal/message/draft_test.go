// SPDX-License-Identifier: Apache-2.0

package message

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/declaration"
	"github.com/pyfly-go/pyfly/internal/uritemplate"
)

func text(s string) uritemplate.Value { return uritemplate.Value{Text: s} }

// draftOf makes a message as generated code does.
func draftOf(t *testing.T, path, contentType string, form Form, fill func(d *Draft)) (*Message, error) {
	t.Helper()
	template, err := declaration.ParseTemplate(path)
	require.NoError(t, err)
	var d Draft
	m := &Message{}
	d.Begin(NewFormat(NewTemplate(template), contentType, form, NewCodecs[Codec](nil)), m)
	fill(&d)
	return m, d.End()
}

func TestADraftBecomesAMessage(t *testing.T) {
	m, err := draftOf(t, "/a/{x}/{y}/{z}/{v}{?w}", "", NoForm, func(d *Draft) {
		for i, value := range []string{"1", "2", "3", "4", "5"} {
			d.Variable(i, text(value))
		}
		d.Query("page", text("a b"))
		d.Query("tag", uritemplate.Value{Kind: uritemplate.List, List: []string{"1", "2"}})
		d.Query("left out", uritemplate.Value{Missing: true})
		d.Queries(url.Values{"q": {"x y"}})
		d.Headers(http.Header{"X-A": {"1"}, "X-B": {"1"}})
		d.Header("x-a", text("2"))
		d.Cookie("s", text("1"))
		d.Cookie("t", text("2"))
		d.Body(map[string]int{"n": 1})
		d.Options(Options{Header: http.Header{"X-B": {"3"}}, NoRetry: true, Timeout: 5})
	})
	require.NoError(t, err)
	require.Equal(t, "/a/1/2/3/4", m.Path)
	require.Equal(t, "w=5&page=a%20b&tag=1&tag=2&q=x%20y", m.Query)
	require.Equal(t, http.Header{"X-A": {"1", "2"}, "X-B": {"3"}, "Cookie": {"s=1; t=2"}}, m.Header)
	require.Equal(t, `{"n":1}`, string(m.Body))
	require.Equal(t, "application/json", m.ContentType)
	require.True(t, m.NoRetry)
	require.EqualValues(t, 5, m.Timeout)
}

func TestTheFirstErrorOfADraftCounts(t *testing.T) {
	other := errors.New("the argument's own error")
	for name, fill := range map[string]func(d *Draft){
		"an argument":     func(d *Draft) { d.Fail("x", other) },
		"a header's name": func(d *Draft) { d.Headers(http.Header{"X A": {"1"}}) },
		"a header":        func(d *Draft) { d.Header("X-A", text("a\nb")) },
		"an option":       func(d *Draft) { d.Options(Options{Header: http.Header{"X-A": {"\x00"}}}) },
		"a cookie":        func(d *Draft) { d.Cookie("s", text("a;b")) },
		"a body":          func(d *Draft) { d.Body(func() {}) },
		"a path segment":  func(d *Draft) { d.Variable(0, text("..")) },
	} {
		t.Run(name, func(t *testing.T) {
			_, err := draftOf(t, "/{x}", "", NoForm, func(d *Draft) {
				d.Variable(0, text("1"))
				fill(d)
				d.Fail("y", errors.New("another"))
				d.Body(1)
			})
			require.ErrorIs(t, err, port.ErrInvalidRequest)
			if name == "an argument" {
				require.ErrorIs(t, err, other)
			}
		})
	}
}

func TestAPanicOfUserCodeIsAnError(t *testing.T) {
	encode := func() (err error) {
		defer Recover(&err)
		panic("MarshalJSON")
	}
	require.ErrorIs(t, encode(), port.ErrInvalidRequest)
}

func TestTheHeaderOfTheCallerIsNotChanged(t *testing.T) {
	values := append(make([]string, 0, 8), "1")
	own := http.Header{"X-A": values}
	m, err := draftOf(t, "/", "", NoForm, func(d *Draft) {
		d.Headers(own)
		d.Header("X-A", text("2"))
		d.Headers(http.Header{"X-B": values})
		d.Header("X-B", text("3"))
	})
	require.NoError(t, err)
	require.Equal(t, http.Header{"X-A": {"1", "2"}, "X-B": {"1", "3"}}, m.Header)
	require.Equal(t, http.Header{"X-A": {"1"}}, own)
	require.Equal(t, []string{"1", ""}, values[:2])
}

func TestHeaderNamesThatDifferInCaseAreOne(t *testing.T) {
	for range 20 { // maps have no order
		m, err := draftOf(t, "/", "", NoForm, func(d *Draft) {
			d.Headers(http.Header{"x-a": {"3"}, "X-A": {"1"}, "X-a": {"2"}, "content-ENCODING": {"br"}, "X-None": nil})
			d.Header("x-A", text("4"))
		})
		require.NoError(t, err)
		require.Equal(t, http.Header{"X-A": {"1", "2", "3", "4"}, "Content-Encoding": {"br"}, "X-None": nil}, m.Header)
	}
	m := Message{Path: "/", Header: http.Header{"idempotency-key": {"k"}}}
	require.NoError(t, m.Check())
	require.Equal(t, "k", m.Header.Get("Idempotency-Key"))
	same := http.Header{"X-A": {"1"}}
	m = Message{Path: "/", Header: same}
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = m.Check() }))
}

func TestBodiesThatAreSentAsTheyAre(t *testing.T) {
	const document = `<a b="1"/>`
	for contentType, want := range map[string]string{
		"text/plain": document, "text/xml": document, "application/xml": document, "application/soap+xml": document,
		"Application/Atom+XML; charset=utf-8": document, "image/svg+xml": document, "application/octet-stream": document,
		"application/json": `"\u003ca b=\"1\"/\u003e"`, "application/vnd.x+json": `"\u003ca b=\"1\"/\u003e"`, "": `"\u003ca b=\"1\"/\u003e"`,
	} {
		m, err := draftOf(t, "/", contentType, NoForm, func(d *Draft) { d.Body(document) })
		require.NoError(t, err, contentType)
		require.Equal(t, want, string(m.Body), contentType)
		m, err = draftOf(t, "/", contentType, NoForm, func(d *Draft) { d.Body([]byte(document)) })
		require.NoError(t, err, contentType)
		require.Equal(t, document, string(m.Body), contentType)
	}
	m, err := draftOf(t, "/", "application/xml", NoForm, func(d *Draft) {
		d.Body(struct {
			XMLName struct{} `xml:"a"`
		}{})
	})
	require.NoError(t, err)
	require.Equal(t, "<a></a>", string(m.Body))
}

func TestBodiesAreEmptyOrNone(t *testing.T) {
	for name, test := range map[string]struct {
		body    any
		hasBody bool
	}{
		"nil": {nil, false}, "no bytes": {[]byte{}, true}, "nil bytes": {[]byte(nil), true}, "an empty text": {"", true}, "an empty reader": {strings.NewReader(""), true},
	} {
		m, err := draftOf(t, "/", "text/plain", NoForm, func(d *Draft) { d.Body(test.body) })
		require.NoError(t, err, name)
		require.Equal(t, test.hasBody, m.HasBody, name)
		require.True(t, m.IsEmpty(), name)
	}
	m, err := draftOf(t, "/", "", URLEncoded, func(*Draft) {})
	require.NoError(t, err)
	require.True(t, m.HasBody && m.IsEmpty())
}

func TestNamesInAMultipartForm(t *testing.T) {
	for name, want := range map[string]string{
		"plain":             "plain",
		"ä €":               "ä €",
		`a"b`:               "a%22b",
		"a\r\nX-Evil: 1":    "a%0D%0AX-Evil: 1",
		"a\x00b\x1b\x7f\tc": "a%00b%1B%7F%09c",
		`trailing\`:         `trailing\`,
		`two\\`:             `two\\`,
		`C:\a "b"\`:         `C:\a %22b%22\`,
		`a\" filename="x`:   `a\%22 filename=%22x`,
	} {
		m, err := draftOf(t, "/", "", MultipartForm, func(d *Draft) {
			d.Field(name, text("value"))
			d.File(name, File{Name: name, Content: strings.NewReader("content")})
		})
		require.NoError(t, err)
		body, err := m.Streamed.Open(t.Context(), t.Context())
		require.NoError(t, err)
		_, params, err := mime.ParseMediaType(m.ContentType)
		require.NoError(t, err)
		parts := multipart.NewReader(body, params["boundary"])
		for _, content := range []string{"value", "content"} {
			part, err := parts.NextRawPart()
			require.NoError(t, err, "%q", name)
			_, disposition, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
			require.NoError(t, err, "%q", name)
			require.Equal(t, want, disposition["name"], "%q", name)
			got, err := io.ReadAll(part)
			require.NoError(t, err)
			require.Equal(t, content, string(got), "%q", name)
			if content == "content" {
				require.Equal(t, want, disposition["filename"], "%q", name)
			}
		}
		_, err = parts.NextRawPart()
		require.Equal(t, io.EOF, err)
	}
}
