// SPDX-License-Identifier: Apache-2.0

package oauth

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/oauth2"

	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// These limit how many bytes of an authorization server's response and of its
// error code an error contains, and how many bytes are searched for the code.
const (
	maxErrorText = 512
	maxErrorCode = 64
	maxErrorRead = 64 << 10
)

// Error is the reason why there is no token. Its text is bounded, printable and
// without secrets, whatever the authorization server sent. An
// *oauth2.RetrieveError in its chain contains no more than the text.
type Error struct {
	text  string
	cause error
}

// Error returns a text with part of the authorization server's response.
func (e *Error) Error() string { return "the authorization server gave no token: " + e.text }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.cause }

// redirectError is the host that a token-url redirects to.
type redirectError string

func (host redirectError) Error() string {
	return fmt.Sprintf("token-url redirects to the host %q, which is not followed: set token-url to where the tokens are", string(host))
}

// newError converts an error of package oauth2.
func newError(err error, secrets *regexp.Regexp) *Error {
	err = usercode.Error(err)
	var elsewhere redirectError
	if errors.As(err, &elsewhere) {
		elsewhere = redirectError(shorten(withoutOwn(string(elsewhere), secrets), maxErrorText))
		return &Error{elsewhere.Error(), elsewhere}
	}
	var rejected *oauth2.RetrieveError
	if !errors.As(err, &rejected) || rejected.Response == nil {
		err = secret.WithoutURL(err)
		return &Error{shorten(withoutSecrets(err.Error(), secrets), maxErrorText), err}
	}
	status := rejected.Response.StatusCode
	shown := &oauth2.RetrieveError{
		Response:         &http.Response{StatusCode: status, Status: strings.TrimSpace(fmt.Sprint(status, " ", http.StatusText(status)))},
		ErrorCode:        shorten(withoutSecrets(rejected.ErrorCode, secrets), maxErrorCode),
		ErrorDescription: shorten(withoutSecrets(rejected.ErrorDescription, secrets), maxErrorText),
	}
	text := "status " + shown.Response.Status
	if shown.ErrorCode != "" {
		text += fmt.Sprintf(", error %q", shown.ErrorCode)
	} else {
		shown.Body = []byte(shorten(withoutSecrets(string(rejected.Body), secrets), maxErrorText))
	}
	if said := shown.ErrorDescription + string(shown.Body); said != "" {
		text += ": " + said
	}
	return &Error{text, shown}
}

// namedSecret matches a value with a secret name, in JSON, in a form or in a
// header. credentials matches a value after an authentication scheme. opaque
// matches a JSON web token, or a long value, without a name.
var (
	namedSecret = regexp.MustCompile(`(?i)([\w.-]*(?:token|secret|passw|assertion|credential|authorization|api_?key)[\w.-]*` +
		`(?:["'\\]|&quot;|&#34;)*\s*(?:[:=]|%3[ad])\s*(?:["'\\]|&quot;|&#34;)*)[^\s"'&,;<>{}]+`)
	credentials = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}`)
	opaque      = regexp.MustCompile(`\beyJ[\w-]{6,}(?:\.[\w-]*)*|[\w~+/=-]{40,}`)
)

// withoutSecrets hides values that are secret, or look so, in the beginning of
// a text. It hides more than [secret.Text], because the text comes from another
// server.
func withoutSecrets(text string, secrets *regexp.Regexp) string {
	text = withoutOwn(text, secrets)
	text = secret.Text(text[:min(len(text), maxErrorRead)])
	text = credentials.ReplaceAllString(text, "$1 "+secret.Hidden)
	text = namedSecret.ReplaceAllString(text, "${1}"+secret.Hidden)
	return opaque.ReplaceAllStringFunc(text, func(run string) string {
		if strings.HasPrefix(run, "eyJ") || strings.ContainsAny(run, "0123456789") {
			return secret.Hidden
		}
		return run
	})
}

// withoutOwn hides the secrets that were sent.
func withoutOwn(text string, secrets *regexp.Regexp) string {
	if secrets == nil {
		return text
	}
	return secrets.ReplaceAllLiteralString(text, secret.Hidden)
}

// shorten converts a text to one line of printable characters.
func shorten(text string, limit int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) && r != utf8.RuneError {
			return r
		}
		return ' '
	}, text)
	text = strings.Join(strings.Fields(text), " ")
	if len(text) <= limit {
		return text
	}
	const dots = "..."
	end := limit - len(dots)
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + dots
}

// secretsOf matches the secrets that are sent to an authorization server, in
// all forms in which it may return them. It is nil if there are none.
func secretsOf(cfg Config) *regexp.Regexp {
	if cfg.ClientSecret == "" {
		return nil
	}
	inJSON, _ := json.Marshal(cfg.ClientSecret)
	escaped := url.QueryEscape(cfg.ClientSecret)
	var forms []string
	for _, form := range []string{
		base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(cfg.ClientID) + ":" + escaped)),
		base64.StdEncoding.EncodeToString([]byte(cfg.ClientID + ":" + cfg.ClientSecret)),
		strings.Trim(string(inJSON), `"`), html.EscapeString(cfg.ClientSecret),
		url.PathEscape(cfg.ClientSecret), escaped, cfg.ClientSecret,
	} {
		forms = append(forms, regexp.QuoteMeta(form))
	}
	return regexp.MustCompile("(?i)" + strings.Join(forms, "|"))
}
