// SPDX-License-Identifier: Apache-2.0

package integration_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
)

// RedirectClient is sent elsewhere.
type RedirectClient struct {
	client.HttpClient `url:"http://anna:s3cret@${httpbin.host}"`

	To     func(ctx context.Context, url string, statusCode int) (Echo, error)               `get:"/redirect-to{?url,status_code}"`
	PostTo func(ctx context.Context, url string, statusCode int, body Product) (Echo, error) `post:"/redirect-to{?url,status_code}"`
	Times  func(ctx context.Context, n int) (Echo, error)                                    `get:"/relative-redirect/{n}"`
}

const headersWithToken = `
pyfly.client.services.redirect-client.headers:
  X-Api-Key: k3y
`

func TestARedirectToTheSameHostIsFollowed(t *testing.T) {
	server := serve(t)
	c := start[RedirectClient](t, server, headersWithToken)
	for name, url := range map[string]string{"relative": "/get?moved=1", "absolute": server.URL + "/get?moved=1"} {
		t.Run(name, func(t *testing.T) {
			echo, err := c.To(t.Context(), url, http.StatusFound)
			if err != nil || echo.Args.Get("moved") != "1" {
				t.Fatalf("%+v, %v", echo, err)
			}
			if echo.Headers.Get("Authorization") == "" || echo.Headers.Get("X-Api-Key") != "k3y" {
				t.Errorf("it lost headers: %v", echo.Headers)
			}
		})
	}
}

func TestARedirectToAnotherHostIsNotFollowed(t *testing.T) {
	other := serve(t)
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			server := serve(t)
			c := start[RedirectClient](t, server, headersWithToken)
			_, err := c.To(t.Context(), other.URL+"/get", status)
			var e *client.Error
			if !errors.As(err, &e) || e.Status != status || e.Header.Get("Location") != other.URL+"/get" {
				t.Errorf("%v", err)
			}
			server.wantRequests(t, 1)
			other.wantRequests(t, 0)
			if sent := *server.header.Load(); sent.Get("Authorization") == "" {
				t.Error("the first host was sent no Authorization: nothing could have leaked")
			}
			if text := err.Error(); strings.Contains(text, "s3cret") || strings.Contains(text, "k3y") {
				t.Errorf("the error tells a secret: %s", text)
			}
		})
	}
}

func TestAPostIsRepeatedBy307And308Only(t *testing.T) {
	c := start[RedirectClient](t, serve(t), "")
	for status, want := range map[int]string{301: "GET", 302: "GET", 303: "GET", 307: "POST", 308: "POST"} {
		echo, err := c.PostTo(t.Context(), "/anything", status, Product{Name: "rake"})
		if err != nil || echo.Method != want || strings.Contains(echo.Data, "rake") != (want == "POST") {
			t.Errorf("%d: %s %s, %v; want %s", status, echo.Method, echo.Data, err, want)
		}
	}
}

func TestRedirectsAreFollowedTenTimes(t *testing.T) {
	c := start[RedirectClient](t, serve(t), "")
	if echo, err := c.Times(t.Context(), 10); err != nil || echo.Method != "GET" {
		t.Errorf("10: %v", err)
	}
	if _, err := c.Times(t.Context(), 11); err == nil {
		t.Error("11: no error")
	}
}
