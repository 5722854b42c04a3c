// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

type note struct {
	XMLName xml.Name `xml:"note" json:"-"`
	Text    string   `xml:"text" json:"text"`
}

func TestBodiesAreEncodedAndDecodedByMediaType(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", r.Header.Get("Content-Type"))
		_, _ = w.Write(body)
	})
	c := wireBy[noteClient](t, over("notes", s.URL))
	if n, err := c.XML(t.Context(), note{Text: "hi"}); err != nil || n.Text != "hi" {
		t.Errorf("XML: %+v, %v", n, err)
	}
	if got := s.last(t); got.Body != "<note><text>hi</text></note>" || got.Header.Get("Content-Type") != "application/xml" || got.Header.Get("Accept") != "application/xml" {
		t.Errorf("the server saw %+v", got)
	}
	if text, err := c.Text(t.Context(), "hello"); err != nil || text != "hello" || s.last(t).Body != "hello" {
		t.Errorf("text: %q, %v; the server saw %q", text, err, s.last(t).Body)
	}
	if err := c.JSON(t.Context(), "hello"); err != nil || s.last(t).Body != `"hello"` {
		t.Errorf("JSON: %v; the server saw %q", err, s.last(t).Body)
	}
	for _, send := range []func() (url.Values, error){
		func() (url.Values, error) { return c.Form(t.Context(), url.Values{"a": {"1 2"}, "b": {"ü"}}) },
		func() (url.Values, error) {
			return c.FormMap(t.Context(), map[string]string{"a": "1 2", "b": "ü"})
		},
	} {
		got, err := send()
		if err != nil || got.Get("a") != "1 2" || got.Get("b") != "ü" || s.last(t).Body != "a=1+2&b=%C3%BC" || s.last(t).Query != "" {
			t.Errorf("form: %v, %v; the server saw %q", got, err, s.last(t).Body)
		}
	}
	if err := c.NoForm(t.Context(), note{}); !errors.Is(err, client.ErrInvalidRequest) || !strings.Contains(err.Error(), "tagged form") {
		t.Errorf("no form: %v", err)
	}
	if csv, err := c.CSV(t.Context(), []byte("a;b")); err != nil || string(csv) != "a;b" || s.last(t).Header.Get("Content-Type") != "text/csv" {
		t.Errorf("CSV: %q, %v", csv, err)
	}
}

// noteClient speaks of notes in several media types.
type noteClient struct {
	client.HttpClient `url:"http://notes.invalid" name:"notes"`

	Get     func(ctx context.Context) (note, error)                               `get:"/note"`
	XML     func(ctx context.Context, body note) (note, error)                    `post:"/note" content-type:"application/xml" accept:"application/xml"`
	Text    func(ctx context.Context, body string) (string, error)                `post:"/note" content-type:"text/plain; charset=utf-8"`
	JSON    func(ctx context.Context, body string) error                          `post:"/note"`
	Form    func(ctx context.Context, body url.Values) (url.Values, error)        `post:"/note" content-type:"application/x-www-form-urlencoded"`
	FormMap func(ctx context.Context, body map[string]string) (url.Values, error) `post:"/note" content-type:"application/x-www-form-urlencoded"`
	NoForm  func(ctx context.Context, body note) error                            `post:"/note" content-type:"application/x-www-form-urlencoded"`
	CSV     func(ctx context.Context, body []byte) ([]byte, error)                `post:"/note" content-type:"text/csv" accept:"text/csv"`
}

func TestAnswersAreDecodedByTheirContentType(t *testing.T) {
	for contentType, body := range map[string]string{
		"application/json": `{"text":"hi"}`, "application/vnd.note+json; charset=utf-8": `{"text":"hi"}`, "": `{"text":"hi"}`,
		"application/xml": "<note><text>hi</text></note>", "Text/XML; charset=utf-8": "<note><text>hi</text></note>",
		"application/atom+xml": "<note><text>hi</text></note>",
	} {
		c := wire[noteClient](t, nil, portFunc(func(*http.Request) (*http.Response, error) {
			return answer(200, body, "Content-Type", contentType), nil
		}))
		if n, err := c.Get(t.Context()); err != nil || n.Text != "hi" {
			t.Errorf("%s: %+v, %v", contentType, n, err)
		}
	}
	c := wire[noteClient](t, nil, portFunc(func(*http.Request) (*http.Response, error) {
		return answer(200, `{"text":"hi"} garbage`, "Content-Type", "application/json"), nil
	}))
	if _, err := c.Get(t.Context()); !errors.Is(err, client.ErrDecode) {
		t.Errorf("trailing garbage: %v", err)
	}
}

// shoutCodec is a codec of a user's own.
type shoutCodec struct{}

func (shoutCodec) MediaType() string { return "application/shout" }
func (shoutCodec) Encode(v any) ([]byte, error) {
	return []byte(strings.ToUpper(v.(note).Text)), nil
}

func (shoutCodec) Decode(data []byte, target any) error {
	target.(*note).Text = strings.ToLower(string(data))
	return nil
}

type shoutClient struct {
	client.HttpClient `url:"http://shout.invalid" name:"shout"`

	Shout func(ctx context.Context, body note) (note, error) `post:"/note" content-type:"application/shout" accept:"application/shout"`
	Any   func(ctx context.Context) (note, error)            `get:"/note"`
}

func TestACodecMayBeABean(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "application/shout")
		_, _ = w.Write(append(body, '!'))
	})
	app := newApp(over("shout", s.URL))
	app.RegisterInstance(shoutCodec{})
	client.Register[shoutClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	n, err := container.Must(container.Get[*shoutClient](app)).Shout(t.Context(), note{Text: "hi"})
	if err != nil || n.Text != "hi!" || s.last(t).Body != "HI" {
		t.Errorf("got %+v, %v; the server saw %q", n, err, s.last(t).Body)
	}
	n, err = container.Must(container.Get[*shoutClient](app)).Any(t.Context())
	if accept := s.last(t).Header.Get("Accept"); err != nil || n.Text != "!" || accept != "application/json, application/shout;q=0.9" {
		t.Errorf("got %+v, %v; the server was asked for %q", n, err, accept)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}

	app = newApp(nil)
	client.Register[shoutClient](app)
	if err := app.Start(t.Context()); err == nil || !errors.Is(err, client.ErrDeclaration) ||
		!strings.Contains(err.Error(), `content-type "application/shout": there is no codec for it, but for application/json, application/xml`) {
		t.Errorf("without the codec: %v", err)
	}
}
