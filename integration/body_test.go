// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
)

// BodyClient calls for bodies of all kinds.
type BodyClient struct {
	client.ServiceClient `url:"http://${httpbin.host}" retry-base-delay:"0s" failure-threshold:"1"`

	Gzip        func(ctx context.Context) (Echo, error)                               `get:"/gzip"`
	Deflate     func(ctx context.Context) (Echo, error)                               `get:"/deflate"`
	JSON        func(ctx context.Context) (Slideshow, error)                          `get:"/json"`
	JSONText    func(ctx context.Context) (string, error)                             `get:"/json"`
	HTML        func(ctx context.Context) (Slideshow, error)                          `get:"/html"`
	HTMLText    func(ctx context.Context) (string, error)                             `get:"/html"`
	Image       func(ctx context.Context) ([]byte, error)                             `get:"/image/png"`
	Base64      func(ctx context.Context, data string, query url.Values) (any, error) `get:"/base64/{data}"`
	Bytes       func(ctx context.Context, n int) ([]byte, error)                      `get:"/bytes/{n}"`
	StreamBytes func(ctx context.Context, n int) ([]byte, error)                      `get:"/stream-bytes/{n}?chunk_size=100"`
	NoContent   func(ctx context.Context) (*Echo, error)                              `get:"/status/204"`
}

// Slideshow is what /json answers.
type Slideshow struct {
	Slideshow struct {
		Author string `json:"author"`
		Slides []struct {
			Title string `json:"title"`
		} `json:"slides"`
	} `json:"slideshow"`
}

func unmarshal(t *testing.T, data []byte, target any) {
	t.Helper()
	if err := json.Unmarshal(data, target); err != nil {
		t.Fatalf("%s: %v", data, err)
	}
}

func TestGzipIsDecoded(t *testing.T) {
	c := start[BodyClient](t, serve(t), "")
	echo, err := c.Gzip(t.Context())
	if err != nil || !echo.Gzipped || echo.Headers.Get("Accept-Encoding") != "gzip" {
		t.Errorf("%+v, %v", echo, err)
	}
}

func TestTheResultSaysWhatABodyBecomes(t *testing.T) {
	c := start[BodyClient](t, serve(t), "")
	if show, err := c.JSON(t.Context()); err != nil || show.Slideshow.Author != "Yours Truly" || len(show.Slideshow.Slides) != 2 {
		t.Errorf("a struct: %+v, %v", show, err)
	}
	if text, err := c.JSONText(t.Context()); err != nil || !strings.Contains(text, `"author": "Yours Truly"`) {
		t.Errorf("JSON as text: %q, %v", text, err)
	}
	if text, err := c.HTMLText(t.Context()); err != nil || !strings.Contains(text, "Herman Melville") {
		t.Errorf("HTML as text: %.20q, %v", text, err)
	}
	if image, err := c.Image(t.Context()); err != nil || !strings.HasPrefix(string(image), "\x89PNG") {
		t.Errorf("an image: %.20q, %v", image, err)
	}
	if echo, err := c.NoContent(t.Context()); err != nil || echo != nil {
		t.Errorf("no content: %+v, %v", echo, err)
	}
}

func TestABodyThatIsNotWhatTheMethodSays(t *testing.T) {
	encode := base64.URLEncoding.EncodeToString
	calls := map[string]func(*BodyClient) error{
		"HTML":                               func(c *BodyClient) error { _, err := c.HTML(t.Context()); return err },
		"an encoding that was not asked for": func(c *BodyClient) error { _, err := c.Deflate(t.Context()); return err },
		"text": func(c *BodyClient) error {
			_, err := c.Base64(t.Context(), encode([]byte("plain text")), url.Values{"content-type": {"text/plain"}})
			return err
		},
		"broken JSON": func(c *BodyClient) error {
			_, err := c.Base64(t.Context(), encode([]byte(`{"name": `)), url.Values{"content-type": {"application/json"}})
			return err
		},
		"two JSON values": func(c *BodyClient) error {
			_, err := c.Base64(t.Context(), encode([]byte(`{} {}`)), url.Values{"content-type": {"application/json"}})
			return err
		},
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			server := serve(t)
			c := start[BodyClient](t, server, "")
			err := call(c)
			var e *client.Error
			if !errors.Is(err, client.ErrDecode) || !errors.As(err, &e) || e.Status != 200 || len(e.Body) == 0 {
				t.Errorf("%v", err)
			}
			server.wantRequests(t, 1) // neither retried
			if _, err := c.JSON(t.Context()); err != nil {
				t.Errorf("nor counted: %v", err)
			}
		})
	}
}

func TestTheSizeOfAnAnswerIsLimited(t *testing.T) {
	cases := []struct {
		name     string
		settings string
		size     int
		tooLarge bool
	}{
		{"as large as allowed", "pyfly.client.default.max-response-size: 1KiB", 1024, false},
		{"one byte more", "pyfly.client.default.max-response-size: 1KiB", 1025, true},
		{"much more", "pyfly.client.services.body-client.max-response-size: 512B", 500_000, true},
		{"more allowed to the client", "pyfly.client.default.max-response-size: 1KiB\npyfly.client.services.body-client.max-response-size: 4KiB", 4096, false},
		{"unlimited", "pyfly.client.default.max-response-size: 0", 100_000, false},
		{"the default", "", 100_000, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			server := serve(t)
			c := start[BodyClient](t, server, tc.settings)
			calls := map[string]func(context.Context, int) ([]byte, error){"with length": c.Bytes, "chunked": c.StreamBytes}
			for name, call := range calls {
				body, err := call(t.Context(), tc.size)
				if errors.Is(err, client.ErrTooLarge) != tc.tooLarge || (err != nil) != tc.tooLarge {
					t.Errorf("%s: %v, want too large: %t", name, err, tc.tooLarge)
				}
				if err == nil && len(body) != tc.size {
					t.Errorf("%s: %d bytes, want %d", name, len(body), tc.size)
				}
				server.wantRequests(t, 1) // it is not retried
			}
		})
	}
}

func TestTheLimitCountsDecodedBytes(t *testing.T) {
	c := start[BodyClient](t, serve(t), "pyfly.client.default.max-response-size: 100B")
	if _, err := c.Gzip(t.Context()); !errors.Is(err, client.ErrTooLarge) {
		t.Error(err)
	}
}
