// SPDX-License-Identifier: Apache-2.0

package oauth_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/oauth2"

	"github.com/pyfly-go/pyfly/client/internal/oauth"
)

func TestATokenRequestIsNotRedirected(t *testing.T) {
	for _, status := range []int{301, 302, 303, 307, 308} {
		for name, isOther := range map[string]bool{"another host": true, "the same host": false} {
			t.Run(fmt.Sprintf("%d to %s", status, name), func(t *testing.T) {
				host := "auth"
				location := "/elsewhere"
				if isOther {
					host, location = "other.example", "http://other.example/token?client_secret=s3cret"
				}
				var asked []string
				tokens := newTokens(t, shop, transport(func(r *http.Request) (*http.Response, error) {
					asked = append(asked, r.URL.String())
					redirect := response(status, "text/html", "")
					redirect.Header.Set("Location", location)
					return redirect, nil
				}))
				_, err := tokens.Get(t.Context())
				if !errors.As(err, new(*oauth.Error)) || !strings.Contains(err.Error(), fmt.Sprintf("%q", host)) || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("got %v, want an error that names %s", err, host)
				}
				for _, u := range asked { // twice: with the secret in a header and in the body
					if u != shop.TokenURL {
						t.Errorf("the redirect was followed to %s", u)
					}
				}
			})
		}
	}
}

func TestWhatAnAuthorizationServerSaysIsShownInPart(t *testing.T) {
	const jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
	for name, test := range map[string]struct {
		status            int
		contentType, body string
		want              []string
	}{
		"an OAuth2 error": {400, "application/json", `{"error":"invalid_client","error_description":"the client is not known"}`,
			[]string{"status 400 Bad Request", `error "invalid_client"`, "the client is not known"}},
		"an OAuth2 error in a form": {401, "application/x-www-form-urlencoded", "error=invalid_scope&error_description=no+such+scope",
			[]string{"status 401 Unauthorized", `error "invalid_scope"`, "no such scope"}},
		"an OAuth2 error with 200": {200, "application/json", `{"error":"slow_down"}`, []string{"status 200 OK", `error "slow_down"`}},
		"a page":                   {502, "text/html", "<html>" + strings.Repeat("<p>bad gateway</p>\n", 50000), []string{"status 502 Bad Gateway", "bad gateway"}},
		"a description of a MiB":   {400, "application/json", `{"error":"invalid_client","error_description":"` + strings.Repeat("no", 500<<10) + `"}`, []string{`error "invalid_client"`}},
		"a code of a MiB":          {400, "application/json", `{"error":"` + strings.Repeat("no", 500<<10) + `"}`, []string{"status 400"}},
		"control characters":       {400, "text/plain; charset=x", "a\r\nb\x1b[31mc\u202ed\xff\x00e", []string{"status 400", "a b [31mc d"}},
		"an odd status":            {499, "text/html", "gone", []string{"status 499", "gone"}},
		"nothing":                  {500, "", "", []string{"status 500 Internal Server Error"}},
		"no token":                 {200, "application/json", `{"token_type":"Bearer"}`, []string{"missing access_token"}},
		"no JSON":                  {200, "application/json", strings.Repeat("<", 1<<20), []string{"cannot parse json"}},
		"the secret":               {400, "text/html", "your secret s3cret+/% is wrong", []string{"your secret ****** is wrong"}},
		"the secret after much":    {400, "text/html", strings.Repeat(" ", 65530) + "s3cret+/%", []string{"status 400"}},
		"the secret, escaped":      {400, "text/html", "you sent " + url.QueryEscape("s3cret+/%") + " and " + strings.ToLower(url.QueryEscape("s3cret+/%")), []string{"you sent"}},
		"the secret in JSON":       {400, "application/json", `{"detail":"s3cret+/%"}`, []string{"detail"}},
		"the secret as a code":     {400, "application/json", `{"error":"s3cret+/%"}`, []string{"status 400"}},
		"the header Authorization": {400, "text/html", "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("shop:"+url.QueryEscape("s3cret+/%"))), []string{"Authorization"}},
		"a token in JSON":          {400, "text/html", `{"access_token": "abc.d\/ef", "refresh_token":"abc-2"}`, []string{"access_token"}},
		"a token in JSON in JSON":  {400, "text/html", `{"echo": "{\"access_token\":\"abc.d\"}"}`, []string{"echo"}},
		"a token in HTML":          {400, "text/html", `&quot;id_token&quot;: &quot;abc.d&quot;`, []string{"id_token"}},
		"a token in a form":        {400, "text/html", "access_token=abc.d&scope=x", []string{"scope"}},
		"a header with a token":    {400, "text/html", "Bearer abc.defgh", []string{"Bearer"}},
		"a JSON web token":         {400, "text/html", "it is " + jwt, []string{"it is"}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := shop
			cfg.ClientSecret = "s3cret+/%"
			tokens := newTokens(t, cfg, transport(func(*http.Request) (*http.Response, error) {
				return response(test.status, test.contentType, test.body), nil
			}))
			_, err := tokens.Get(t.Context())
			if !errors.As(err, new(*oauth.Error)) {
				t.Fatalf("got %v", err)
			}
			text := err.Error()
			for _, want := range test.want {
				if !strings.Contains(text, want) {
					t.Errorf("got %s, want %q in it", text, want)
				}
			}
			wantFit(t, text, 1000)
			var rejected *oauth2.RetrieveError
			if errors.As(err, &rejected) {
				wantFit(t, rejected.Error(), 1000)
				if shown := fmt.Sprintf("%+v", rejected.Response); strings.Contains(shown, "Authorization") {
					t.Errorf("the error holds %s", shown)
				}
			}
		})
	}
}

// wantFit fails unless a text is short, can be printed and holds no secret.
func wantFit(t *testing.T, text string, most int) {
	t.Helper()
	if len(text) > most {
		t.Errorf("the text has %d bytes", len(text))
	}
	if i := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' || r == unicode.ReplacementChar }); i >= 0 {
		t.Errorf("the text has %q", text[i:])
	}
	for _, secret := range []string{"s3cret", "s3c", "abc", "ef\"", "eyJ", "dozjg", "c2hvc"} {
		if strings.Contains(text, secret) {
			t.Errorf("the text has the secret %s: %s", secret, text)
		}
	}
}
