// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
)

// loggedTo returns a logger without times.
func loggedTo(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
}

// requestsIn returns the logged requests.
func requestsIn(log string) []string {
	return slices.DeleteFunc(strings.Split(log, "\n"), func(line string) bool { return !strings.Contains(line, "sending a request") })
}

func TestEachAttemptIsLoggedAtDebug(t *testing.T) {
	twice := client.Interceptor(func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			again := req.Clone(req.Context())
			if response, err := next(req); err == nil {
				_ = response.Body.Close()
			}
			return next(again)
		}
	})
	adds := client.Interceptor(func(next client.Exchange) client.Exchange {
		return func(req *http.Request) (*http.Response, error) {
			req.Header.Set("X-Added", "yes")
			return next(req)
		}
	})
	const headers = ` --header 'Accept: application/json'`
	for name, test := range map[string]struct {
		beans  []any
		header string
	}{
		"no interceptors":                 {nil, headers},
		"what an interceptor adds":        {[]any{adds}, headers + ` --header 'X-Added: yes'`},
		"an interceptor that sends twice": {[]any{twice}, headers},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			settings := shopSettings("base-url", "http://shop.invalid/v1/", "retry.max-attempts", 2, "retry.base-delay", "1ns")
			shop := startWith[boutique](t, settings, test.beans, client.WithLogger(loggedTo(&log, slog.LevelDebug)), through(portFunc(func(*http.Request) (*http.Response, error) {
				return answer(503, ""), nil
			})))
			_, err := shop.Get(t.Context(), "a/b")
			require.ErrorIs(t, err, client.ErrUnavailable)
			line := `level=DEBUG msg="sending a request" client=shop method=Get attempt=`
			curl := ` curl="curl` + test.header + ` --url 'http://shop.invalid/v1/products/a%2Fb'"`
			assert.Equal(t, []string{line + "1" + curl, line + "2" + curl}, requestsIn(log.String()))
		})
	}
}

func TestTheLogOfAnAttemptNamesTheInstance(t *testing.T) {
	var log bytes.Buffer
	settings := shopSettings("discovery.type", "static", "instances", []any{"10.0.0.1:8080"})
	shop := startWith[boutique](t, settings, nil, client.WithLogger(loggedTo(&log, slog.LevelDebug)), through(portFunc(func(*http.Request) (*http.Response, error) {
		return answer(200, `{}`), nil
	})))
	_, err := shop.Get(t.Context(), "1")
	require.NoError(t, err)
	require.Len(t, requestsIn(log.String()), 1)
	assert.Contains(t, log.String(), "attempt=1 instance=10.0.0.1:8080 curl=")
	assert.Contains(t, log.String(), "--url 'http://shop.invalid/products/1'")
}

func TestNoAttemptIsLoggedAtInfo(t *testing.T) {
	var log bytes.Buffer
	shop := wireBy[boutique](t, nil, client.WithLogger(loggedTo(&log, slog.LevelInfo)), through(portFunc(func(*http.Request) (*http.Response, error) { return answer(200, `{}`), nil })))
	_, err := shop.Get(t.Context(), "1")
	require.NoError(t, err)
	assert.Empty(t, log.String())
}

type secretsClient struct {
	client.ServiceClient `url:"http://ada:hunter2@vault.invalid" name:"vault" retry:"false"`

	Get  func(ctx context.Context, id, apiKey, code string, header http.Header) (string, error) `get:"/things/{id}/{api_key}{?code}" headers:"X-Plain: ${db.password}"`
	Open func(ctx context.Context, link client.URL) (io.ReadCloser, error)                      `get:"/"`
}

func TestTheLogOfAttemptsHidesSecrets(t *testing.T) {
	var log bytes.Buffer
	vault := wireBy[secretsClient](t, map[string]any{"db.password": "hunter2", "pyfly.client.services.vault.secret-names": []any{"code", "X-Ours"}},
		client.WithLogger(loggedTo(&log, slog.LevelDebug)), through(portFunc(func(*http.Request) (*http.Response, error) { return answer(200, "ok"), nil })))
	_, err := vault.Get(t.Context(), "7", "hunter2", "hunter2", http.Header{"X-Ours": {"hunter2"}, "Authorization": {"hunter2"}})
	require.NoError(t, err)
	stream, err := vault.Open(t.Context(), "http://vault.invalid/next?token=hunter2&page=2")
	require.NoError(t, err)
	require.NoError(t, stream.Close())
	requests := requestsIn(log.String())
	require.Len(t, requests, 2)
	assert.NotContains(t, log.String(), "hunter2")
	assert.Contains(t, requests[0], `--header 'X-Ours: ******' --header 'X-Plain: ******' --globoff --url 'http://vault.invalid/things/{id}/{api_key}?code=******'`)
	assert.Contains(t, requests[1], `--url 'http://vault.invalid/next?token=******&page=2'`)
}

// panickingHandler is a handler of the user's that panics.
type panickingHandler struct{ slog.Handler }

func (panickingHandler) Handle(context.Context, slog.Record) error { panic("the log is broken") }

func TestAHandlerThatPanicsAtAnAttemptFailsNoCall(t *testing.T) {
	shop := wireBy[boutique](t, nil, client.WithLogger(slog.New(panickingHandler{loggedTo(io.Discard, slog.LevelDebug).Handler()})),
		through(portFunc(func(*http.Request) (*http.Response, error) { return answer(200, `{}`), nil })))
	_, err := shop.Get(t.Context(), "1")
	require.NoError(t, err)
}

func TestAnErrorNamesTheHostOfARedirectThatIsNotFollowed(t *testing.T) {
	for name, test := range map[string]struct {
		location string
		want     string
	}{
		"foreign host": {"https://ada:hunter2@login.example:8443/cb?code=hunter2",
			"302 Found: the redirect to login.example:8443 is not followed: to allow it, add the host to the setting allowed-hosts of the client"},
		"allowed host":   {"http://friend.example/", "302 Found"},
		"same host":      {"/elsewhere", "302 Found"},
		"no URL":         {"http://%zz", "302 Found"},
		"none":           {"", "302 Found"},
		"long host name": {"http://" + strings.Repeat("a", 5000), "302 Found: the redirect to " + strings.Repeat("a", 50)},
	} {
		t.Run(name, func(t *testing.T) {
			shop := wire[boutique](t, shopSettings("retry.enabled", false, "allowed-hosts", []any{"friend.example"}), portFunc(func(*http.Request) (*http.Response, error) {
				return answer(302, "", "Location", test.location), nil
			}))
			_, err := shop.Get(t.Context(), "1")
			require.Error(t, err)
			text := err.Error()
			if name == "long host name" {
				assert.Less(t, len(text), 1000)
				text = text[:min(len(text), len("shop.Get: GET http://shop.invalid/products/1: ")+len(test.want))]
			}
			assert.Equal(t, "shop.Get: GET http://shop.invalid/products/1: "+test.want, text)
		})
	}
	t.Run("from https to http", func(t *testing.T) {
		shop := wire[boutique](t, shopSettings("retry.enabled", false, "base-url", "https://shop.invalid"), portFunc(func(*http.Request) (*http.Response, error) {
			return answer(307, "", "Location", "http://shop.invalid/"), nil
		}))
		_, err := shop.Get(t.Context(), "1")
		require.EqualError(t, err, "shop.Get: GET https://shop.invalid/products/1: 307 Temporary Redirect: the redirect to shop.invalid is not followed: it leads from https to http")
	})
}
