// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
)

// FuzzRefusedAnswers reads Retry-After and problem details of anything.
func FuzzRefusedAnswers(f *testing.F) {
	f.Add("120", `{"type":"about:blank","title":"Busy","status":503,"detail":"later","retries":[1]}`)
	f.Add("Fri, 31 Dec 1999 23:59:59 GMT", `{"title":1}`)
	f.Add("-1", `{`)
	f.Add("99999999999999999999", `[]`)
	f.Fuzz(func(t *testing.T, retryAfter, body string) {
		c := wire[textClient](t, nil, portFunc(func(*http.Request) (*http.Response, error) {
			return answer(503, body, "Retry-After", retryAfter, "Content-Type", "application/problem+json"), nil
		}))
		_, err := c.Get(t.Context())
		var e *client.Error
		if !errors.As(err, &e) || e.RetryAfter() < 0 || e.Error() == "" || string(e.Body) != body[:min(len(body), client.MaxErrorBody)] {
			t.Fatalf("%q, %q: %v", retryAfter, body, err)
		}
	})
}

// FuzzSettings gives a client's settings any value.
func FuzzSettings(f *testing.F) {
	f.Add("timeout", "10s")
	f.Add("base-url", "http://user:hunter2@host:99999/%zz")
	f.Add("retry.max-attempts", "${a:${b}}")
	f.Add("headers.x", "a\r\nb")
	f.Add("methods.get.timeout", "-1")
	f.Fuzz(func(t *testing.T, key, value string) {
		cfg := config.New(map[string]any{"pyfly.client.services.text." + key: value})
		p := client.NewHttpClientBeanPostProcessor(client.WithConfig(cfg), client.WithFactory(
			func(client.PortConfig) (client.HttpClientPort, error) { return portFunc(nil), nil }))
		if _, err := p.AfterInit(client.NewStub[textClient](), "text"); err != nil && err.Error() == "" {
			t.Fatal("an error without a text")
		}
	})
}
