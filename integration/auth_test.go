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

// AuthClient calls what asks who is there.
type AuthClient struct {
	client.HttpClient `url:"http://${credentials:}${httpbin.host}"`

	Basic  func(ctx context.Context, user, password string) (Identity, error) `get:"/basic-auth/{user}/{password}"`
	Bearer func(ctx context.Context, header http.Header) (Identity, error)    `get:"/bearer"`
}

// Identity is whom httpbin has recognized.
type Identity struct {
	Authenticated bool   `json:"authenticated"`
	User          string `json:"user"`
	Token         string `json:"token"`
}

func TestUserInfoOfTheBaseURLIsBasicAuthentication(t *testing.T) {
	cases := map[string]struct {
		settings string
		fails    bool
	}{
		"right":         {"credentials: anna:s3cret@", false},
		"escaped":       {"credentials: an%6Ea:s3%63ret@", false},
		"wrong":         {"credentials: anna:guessed@", true},
		"none":          {"", true},
		"by a header":   {"pyfly.client.services.auth-client.headers.Authorization: Basic YW5uYTpzM2NyZXQ=", false},
		"header before": {"credentials: anna:guessed@\npyfly.client.services.auth-client.headers.Authorization: Basic YW5uYTpzM2NyZXQ=", false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			identity, err := start[AuthClient](t, serve(t), tc.settings).Basic(t.Context(), "anna", "s3cret")
			if tc.fails {
				if !errors.Is(err, client.ErrAuthentication) || strings.Contains(err.Error(), "guessed") {
					t.Error(err)
				}
				return
			}
			if err != nil || !identity.Authenticated || identity.User != "anna" {
				t.Errorf("%+v, %v", identity, err)
			}
		})
	}
}

func TestBearerTokens(t *testing.T) {
	const ofSettings = "pyfly.client.services.auth-client.headers.Authorization: Bearer ${token}\ntoken: of-settings"
	cases := map[string]struct {
		settings string
		header   http.Header
		want     string // "": refused
	}{
		"none":               {"", nil, ""},
		"of the settings":    {ofSettings, nil, "of-settings"},
		"of the call":        {"", http.Header{"Authorization": {"Bearer of-call"}}, "of-call"},
		"the call's wins":    {ofSettings, http.Header{"Authorization": {"Bearer of-call"}}, "of-call"},
		"another scheme":     {"", http.Header{"Authorization": {"Basic YTpi"}}, ""},
		"not canonical name": {ofSettings, http.Header{"authorization": {"Bearer of-call"}}, "of-call"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			identity, err := start[AuthClient](t, serve(t), tc.settings).Bearer(t.Context(), tc.header)
			if tc.want == "" {
				if !errors.Is(err, client.ErrAuthentication) {
					t.Error(err)
				}
				return
			}
			if err != nil || identity.Token != tc.want {
				t.Errorf("%+v, %v", identity, err)
			}
		})
	}
}
