// SPDX-License-Identifier: Apache-2.0

package client

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
)

// These are how many bytes an error repeats of what an authorization server said,
// of the code of an error, and how many are looked at for it.
const (
	maxTokenErrorText = 512
	maxTokenErrorCode = 64
	maxTokenErrorRead = 64 << 10
)

// tokenError says why there is no token. Its text is bounded, printable and
// without secrets, whatever the authorization server sent.
type tokenError struct {
	text  string
	cause error
}

func (e *tokenError) Error() string { return e.text }
func (e *tokenError) Unwrap() error { return e.cause }

// newTokenError describes what package oauth2 returned. An
// *oauth2.RetrieveError in its chain holds no more than the text does.
func newTokenError(err error, secrets *regexp.Regexp) *tokenError {
	var elsewhere tokenRedirectError
	if errors.As(err, &elsewhere) {
		elsewhere = tokenRedirectError(shorten(withoutOwn(string(elsewhere), secrets), maxTokenErrorText))
		return &tokenError{elsewhere.Error(), elsewhere}
	}
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) || refused.Response == nil {
		err = withoutURL(err)
		return &tokenError{shorten(withoutSecrets(err.Error(), secrets), maxTokenErrorText), err}
	}
	status := refused.Response.StatusCode
	shown := &oauth2.RetrieveError{
		Response:         &http.Response{StatusCode: status, Status: strings.TrimSpace(fmt.Sprint(status, " ", http.StatusText(status)))},
		ErrorCode:        shorten(withoutSecrets(refused.ErrorCode, secrets), maxTokenErrorCode),
		ErrorDescription: shorten(withoutSecrets(refused.ErrorDescription, secrets), maxTokenErrorText),
	}
	text := "status " + shown.Response.Status
	if shown.ErrorCode != "" {
		text += fmt.Sprintf(", error %q", shown.ErrorCode)
	} else {
		shown.Body = []byte(shorten(withoutSecrets(string(refused.Body), secrets), maxTokenErrorText))
	}
	if said := shown.ErrorDescription + string(shown.Body); said != "" {
		text += ": " + said
	}
	return &tokenError{text, shown}
}

// namedSecret is a value whose name says that it is secret, in JSON, in a form or
// in a header; credentials follow a scheme of authentication; opaque is a JSON
// web token, or a long value, without a name.
var (
	namedSecret = regexp.MustCompile(`(?i)([\w.-]*(?:token|secret|passw|assertion|credential|authorization|api_?key)[\w.-]*` +
		`(?:["'\\]|&quot;|&#34;)*\s*(?:[:=]|%3[ad])\s*(?:["'\\]|&quot;|&#34;)*)[^\s"'&,;<>{}]+`)
	credentials = regexp.MustCompile(`(?i)\b(bearer|basic)\s+[\w.~+/=-]{6,}`)
	opaque      = regexp.MustCompile(`\beyJ[\w-]{6,}(?:\.[\w-]*)*|[\w~+/=-]{40,}`)
)

// withoutSecrets hides in the beginning of a text what is secret, or looks so.
func withoutSecrets(text string, secrets *regexp.Regexp) string {
	text = withoutOwn(text, secrets)
	text = text[:min(len(text), maxTokenErrorRead)]
	text = credentials.ReplaceAllString(text, "$1 "+hidden)
	text = namedSecret.ReplaceAllString(text, "${1}"+hidden)
	return opaque.ReplaceAllStringFunc(text, func(run string) string {
		if strings.HasPrefix(run, "eyJ") || strings.ContainsAny(run, "0123456789") {
			return hidden
		}
		return run
	})
}

// withoutOwn hides in a text what was sent as a secret.
func withoutOwn(text string, secrets *regexp.Regexp) string {
	if secrets == nil {
		return text
	}
	return secrets.ReplaceAllLiteralString(text, hidden)
}

// shorten makes one line of a text, of what can be printed.
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

// secretsOf matches what is sent to an authorization server as a secret, in the
// forms in which it may come back. It is nil if there is none.
func secretsOf(s oauth2Settings) *regexp.Regexp {
	if s.clientSecret == "" {
		return nil
	}
	inJSON, _ := json.Marshal(s.clientSecret)
	escaped := url.QueryEscape(s.clientSecret)
	var forms []string
	for _, form := range []string{
		base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(s.clientID) + ":" + escaped)),
		base64.StdEncoding.EncodeToString([]byte(s.clientID + ":" + s.clientSecret)),
		strings.Trim(string(inJSON), `"`), html.EscapeString(s.clientSecret),
		url.PathEscape(s.clientSecret), escaped, s.clientSecret,
	} {
		forms = append(forms, regexp.QuoteMeta(form))
	}
	return regexp.MustCompile("(?i)" + strings.Join(forms, "|"))
}
