// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
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
	if csv, err := c.CSV(t.Context(), []byte("a;b")); err != nil || string(csv) != "a;b" || s.last(t).Header.Get("Content-Type") != "text/csv" {
		t.Errorf("CSV: %q, %v", csv, err)
	}
}

// noteClient speaks of notes in several media types.
type noteClient struct {
	client.HttpClient `url:"http://notes.invalid" name:"notes"`

	Get  func(ctx context.Context) (note, error)                `get:"/note"`
	XML  func(ctx context.Context, body note) (note, error)     `post:"/note" content-type:"application/xml" accept:"application/xml"`
	Text func(ctx context.Context, body string) (string, error) `post:"/note" content-type:"text/plain; charset=utf-8"`
	JSON func(ctx context.Context, body string) error           `post:"/note"`
	CSV  func(ctx context.Context, body []byte) ([]byte, error) `post:"/note" content-type:"text/csv" accept:"text/csv"`
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
