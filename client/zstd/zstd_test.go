// SPDX-License-Identifier: Apache-2.0

package zstd_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	reference "github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/zstd"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echoClient sends texts to a service that sends them back.
type echoClient struct {
	client.HttpClient `url:"http://echo.invalid"`

	Echo   func(ctx context.Context, body string) (string, error)   `post:"/" content-type:"text/plain"`
	Bomb   func(ctx context.Context) (string, error)                `get:"/bomb"`
	Stream func(ctx context.Context) (io.ReadCloser, error)         `get:"/stream"`
	Plain  func(ctx context.Context, h http.Header) (string, error) `get:"/plain"`
	Empty  func(ctx context.Context) error                          `head:"/"`
}

func compressed(text []byte) []byte {
	encoder, _ := reference.NewWriter(nil)
	defer func() { _ = encoder.Close() }()
	return encoder.EncodeAll(text, nil)
}

// start starts an application whose client talks to a server that speaks zstd.
func start(t *testing.T) *echoClient {
	t.Helper()
	return startWith(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/plain" {
			_, _ = io.WriteString(w, r.Header.Get("Accept-Encoding"))
			return
		}
		w.Header().Set("Content-Encoding", "zstd")
		switch r.URL.Path {
		case "/bomb":
			_, _ = w.Write(compressed(make([]byte, 64<<20)))
		case "/stream":
			_, _ = w.Write(compressed(bytes.Repeat([]byte("stream "), 1000)))
		default:
			decoder, err := reference.NewReader(r.Body)
			if err != nil || r.Method == http.MethodHead {
				return
			}
			defer decoder.Close()
			text, err := io.ReadAll(decoder)
			if err != nil {
				text = []byte(fmt.Sprintf("%s: %v", r.Header.Get("Content-Encoding"), err))
			}
			_, _ = w.Write(compressed(text))
		}
	})
}

// startWith starts an application whose client talks to a server of that handler.
func startWith(t *testing.T, handler http.HandlerFunc) *echoClient {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	app := container.NewApplicationContext(container.WithConfig(config.New(map[string]any{
		"pyfly.client.services.echo-client.base-url":            server.URL,
		"pyfly.client.services.echo-client.request-compression": "zstd",
	})))
	app.Install(client.Module())
	app.Install(zstd.Module())
	client.Register[echoClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return container.Must(container.Get[*echoClient](app))
}

func TestBodiesGoInZstdBothWays(t *testing.T) {
	c := start(t)
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			text := strings.Repeat(fmt.Sprint("rake ", i, " "), 1000)
			if got, err := c.Echo(t.Context(), text); got != text || err != nil {
				t.Errorf("got %d bytes, %v; want %d", len(got), err, len(text))
			}
		})
	}
	wg.Wait()
}

func TestTheLimitCountsDecodedBytes(t *testing.T) {
	if _, err := start(t).Bomb(t.Context()); !errors.Is(err, client.ErrTooLarge) {
		t.Errorf("got %v, want client.ErrTooLarge", err)
	}
}

func TestAStreamIsDecoded(t *testing.T) {
	body, err := start(t).Stream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(body)
	if len(text) != 7000 || err != nil {
		t.Errorf("read %d bytes, %v", len(text), err)
	}
	if err := body.Close(); err != nil {
		t.Error(err)
	}
}

func TestWhatIsAccepted(t *testing.T) {
	c := start(t)
	if got, err := c.Plain(t.Context(), nil); got != "zstd, gzip" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := c.Plain(t.Context(), http.Header{"Accept-Encoding": {"identity"}}); got != "identity" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if err := c.Empty(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestABodyThatIsNotOfItsCodingCannotBeDecoded(t *testing.T) {
	for encoding, body := range map[string]string{
		"gzip":       "this is no gzip at all",
		"x-gzip":     "nor is this",
		"zstd":       "this is no zstd at all",
		"zstd, gzip": "\x1f\x8bthis is neither",
		"gzip, zstd": string(compressed([]byte("this is zstd, but no gzip"))),
	} {
		t.Run(encoding, func(t *testing.T) {
			c := startWith(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Encoding", encoding)
				_, _ = io.WriteString(w, body)
			})
			for range 3 { // the decoders of the pool are not the worse for it
				if _, err := c.Plain(t.Context(), nil); !errors.Is(err, client.ErrDecode) {
					t.Errorf("got %v, want client.ErrDecode", err)
				}
			}
			stream, err := c.Stream(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadAll(stream); !errors.Is(err, client.ErrDecode) {
				t.Errorf("a stream: got %v, want client.ErrDecode", err)
			}
			if err := stream.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
