// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

// refusal is a user's own error.
type refusal struct {
	Reason string `json:"reason"`
}

func (r *refusal) Error() string { return "refused: " + r.Reason }

var errTeapot = errors.New("short and stout")

func TestErrorDecodersMakeErrorsOfTheUsersOwn(t *testing.T) {
	status, body := 0, ""
	port := portFunc(func(*http.Request) (*http.Response, error) { return answer(status, body), nil })
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	app.Register(func() client.ErrorDecoder {
		return func(e *client.Error) error {
			if e.Status == http.StatusTeapot {
				return errTeapot
			}
			if e.Status == http.StatusGone {
				panic("gone")
			}
			return nil
		}
	}, container.Named("teapots"))
	app.Register(func() client.ErrorDecoder {
		return func(e *client.Error) error {
			var r refusal
			if e.Client != "text" || json.Unmarshal(e.Body, &r) != nil {
				return nil
			}
			return &r
		}
	}, container.Named("refusals"), container.Order(1))
	client.Register[textClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	c := getBean[textClient](t, app)

	status, body = 409, `{"reason":"sold out"}`
	_, err := c.Get(t.Context())
	var r *refusal
	var e *client.Error
	if !errors.As(err, &r) || r.Reason != "sold out" || !errors.As(err, &e) || e.Status != 409 || !errors.Is(err, client.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if !strings.Contains(err.Error(), "409 Conflict: refused: sold out") {
		t.Errorf("its text is %q", err)
	}
	status, body = http.StatusTeapot, ""
	if _, err := c.Get(t.Context()); !errors.Is(err, errTeapot) || errors.As(err, &r) && r.Reason == "" {
		t.Errorf("got %v", err)
	}
	status = 404
	if _, err := c.Get(t.Context()); !errors.Is(err, client.ErrNotFound) || errors.Is(err, errTeapot) {
		t.Errorf("nobody's concern: %v", err)
	}
	status = http.StatusGone
	if _, err := c.Get(t.Context()); err == nil || !strings.Contains(err.Error(), "an ErrorDecoder panicked") {
		t.Errorf("a panic: %v", err)
	}
}
