// SPDX-License-Identifier: Apache-2.0

package logging_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/logging"
)

// secretText is what no log may hold.
const secretText = "s3cr3t"

// account is a struct with a secret field; its JSON has other names.
type account struct {
	User     string `json:"user"`
	Password string `json:"password"`
}

// closed has nothing that JSON would show.
type closed struct{ user, apiKey string }

// lazy is a value that is made when it is logged.
type lazy func() slog.Value

func (l lazy) LogValue() slog.Value { return l() }

// spoken has a text of its own.
type spoken struct{ Token string }

func (spoken) String() string { return "http://ada:" + secretText + "@host" }

// coded is a text in a text and in JSON.
type coded struct{}

func (coded) MarshalText() ([]byte, error) { return []byte("http://ada:" + secretText + "@host"), nil }

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestASecretIsNeverLogged(t *testing.T) {
	withUser := "http://ada:" + secretText + "@host/x?page=2"
	withToken := "https://host/x?page=2&access_token=" + secretText
	fail := fmt.Errorf("no answer: %w", &url.Error{Op: "Get", URL: withToken, Err: errors.New("rejected")})
	cases := map[string]struct {
		attr slog.Attr
		keep string // what must still be there
	}{
		"a password":                       {slog.String("password", secretText), "password"},
		"a token in camel case":            {slog.String("accessToken", secretText), "accessToken"},
		"a header":                         {slog.String("X-Api-Key", secretText), "X-Api-Key"},
		"a secret of bytes":                {slog.Any("client_secret", []byte(secretText)), "client_secret"},
		"a secret struct":                  {slog.Any("credentials", account{secretText, secretText}), "credentials"},
		"within a group":                   {slog.Group("db", "user", "ada", "password", secretText), "ada"},
		"within groups":                    {slog.Group("a", slog.Group("b", "token", secretText, "user", "ada")), "ada"},
		"a group that is secret":           {slog.Group("token", "value", secretText, slog.Group("of", "x", secretText)), "token"},
		"a LogValuer":                      {slog.Any("login", lazy(func() slog.Value { return slog.GroupValue(slog.String("user", "ada"), slog.String("pwd", secretText)) })), "ada"},
		"a LogValuer of a secret":          {slog.Any("cookie", lazy(func() slog.Value { return slog.StringValue(secretText) })), "cookie"},
		"a URL in a text":                  {slog.String("url", withUser), "page=2"},
		"a URL with a token in a text":     {slog.String("url", withToken), "page=2"},
		"a URL in an error":                {slog.Any("error", fail), "rejected"},
		"a URL in a URL":                   {slog.Any("url", mustParse(t, withUser)), "page=2"},
		"a URL by value":                   {slog.Any("url", *mustParse(t, withToken)), "page=2"},
		"URLs in a list":                   {slog.Any("urls", []string{withUser, withToken}), "page=2"},
		"a header field":                   {slog.Any("header", http.Header{"Authorization": {"Bearer " + secretText}, "Accept": {"text/plain"}, "Location": {withToken}}), "text/plain"},
		"query parameters":                 {slog.Any("query", url.Values{"key": {secretText}, "sig": {secretText}, "page": {"2"}}), "page"},
		"a map":                            {slog.Any("settings", map[string]any{"user": "ada", "deep": map[string]string{"api-key": secretText}}), "ada"},
		"a field":                          {slog.Any("account", account{"ada", secretText}), "ada"},
		"a field behind a pointer":         {slog.Any("account", &account{"ada", secretText}), "ada"},
		"fields in a list":                 {slog.Any("accounts", []account{{"ada", secretText}, {"bob", secretText}}), "bob"},
		"a field that is not exported":     {slog.Any("account", closed{"ada", secretText}), "account"},
		"a request":                        {slog.Any("request", &http.Request{URL: mustParse(t, "/"), Header: http.Header{"Authorization": {secretText}}}), "request"},
		"a text of its own":                {slog.Any("v", spoken{secretText}), "v"},
		"an encoding of its own":           {slog.Any("v", coded{}), "host"},
		"an error in a struct that is one": {slog.Any("v", struct{ Err, URL string }{"x", withUser}), "page=2"},
	}
	for name, c := range cases {
		for _, format := range []string{"text", "json"} {
			t.Run(name+" as "+format, func(t *testing.T) {
				logger, out := newLogger(t, map[string]any{"format": format})
				logger.Info("m", c.attr)
				logger.With(c.attr).Info("m")
				logger.WithGroup("g").With(c.attr).Info("m")
				got := out.String()
				if strings.Contains(got, secretText) || strings.Count(got, c.keep) < 3 {
					t.Error(got)
				}
				if isHidden := strings.Count(got, "******") >= 3; !isHidden && name != "a request" && name != "a field that is not exported" {
					t.Error("nothing tells that something is hidden:", got)
				}
			})
		}
	}
}

func TestSecretsInMessagesAreHidden(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		logger, out := newLogger(t, map[string]any{"format": format})
		logger.Info("calling http://ada:" + secretText + "@host/x?token=" + secretText + "&page=2")
		if got := out.String(); strings.Contains(got, secretText) || !strings.Contains(got, "calling http://******@host/x?token=******&page=2") {
			t.Error(got)
		}
	}
}

// What holds no secret reads as slog's own handlers would write it.
func TestOtherValuesAreLoggedAsBySlog(t *testing.T) {
	attrs := []slog.Attr{
		slog.Int("n", 1), slog.Duration("d", time.Second), slog.Bool("b", true), slog.Float64("f", 1.5), slog.Time("t", time.Unix(0, 0).UTC()),
		slog.String("s", `a "b" <c> & d?`), slog.Any("nil", nil), slog.Any("error", errors.New("bad token: x")), slog.Any("list", []string{"a", "<b>"}),
		slog.Any("map", map[string]int{"a": 1, "b": 2}), slog.Any("struct", struct {
			A int
			B *string
			C float64
		}{A: 1, C: 1e21}), slog.Any("bytes", []byte("abc")),
		slog.Any("header", http.Header{"Accept": {"a", "b"}}), slog.Any("level", slog.LevelWarn), slog.Any("nilurl", (*url.URL)(nil)),
		slog.Group("g", "x", 1, slog.Group("h", "y", "z")), slog.Any("keys", []string{"shop.size"}), slog.String("key", "a.b"), slog.Any("id", [2]int64{1 << 60, 2}),
		slog.Any("nan", struct{ F func() }{}),
	}
	for _, format := range []string{"text", "json"} {
		logger, out := newLogger(t, map[string]any{"format": format})
		var want strings.Builder
		plain := slog.Handler(slog.NewJSONHandler(&want, nil))
		if format == "text" {
			plain = slog.NewTextHandler(&want, nil)
		}
		for _, a := range attrs {
			out.Reset()
			want.Reset()
			logger.LogAttrs(t.Context(), slog.LevelInfo, "m", a)
			slog.New(plain).LogAttrs(t.Context(), slog.LevelInfo, "m", a)
			if got, want := afterTime(out.String()), afterTime(want.String()); got != want {
				t.Errorf("%s: got  %swant %s", format, got, want)
			}
		}
	}
}

func afterTime(line string) string {
	_, rest, _ := strings.Cut(line, "level")
	return rest
}

// bomb panics whatever it is asked for.
type bomb struct{}

func (*bomb) LogValue() slog.Value { panic("boom") }

type stringBomb struct{}

func (stringBomb) String() string { panic("boom") }

type errorBomb struct{ text *string }

func (e *errorBomb) Error() string { return *e.text }

// selfBomb panics with what panics when it is printed.
type selfBomb struct{}

func (b selfBomb) Error() string { panic(b) }

type textBomb struct{}

func (textBomb) MarshalText() ([]byte, error) { panic("boom") }

type jsonBomb struct{}

func (jsonBomb) MarshalJSON() ([]byte, error) { panic("boom") }

func TestAValueThatPanicsDoesNoHarm(t *testing.T) {
	for name, value := range map[string]any{
		"a LogValuer": &bomb{}, "a Stringer": stringBomb{}, "a nil error": (*errorBomb)(nil), "an error": &errorBomb{},
		"a TextMarshaler": textBomb{}, "a Marshaler": jsonBomb{}, "a nil pointer to a LogValuer": (*bomb)(nil),
		"an error that panics with itself": selfBomb{},
	} {
		for _, format := range []string{"text", "json"} {
			logger, out := newLogger(t, map[string]any{"format": format})
			logger.Info("before", "v", value)
			logger.Info("after")
			if strings.Count(out.String(), "\n") != 2 {
				t.Errorf("%s as %s: %s", name, format, out)
			}
		}
	}
}

func TestLevelsThatSlogHasNoNameFor(t *testing.T) {
	logger, out := newLogger(t, map[string]any{"level": map[string]any{"root": "trace"}})
	logger.Log(t.Context(), logging.LevelTrace, "m")
	if got := one(t, out)["level"]; got != "TRACE" {
		t.Error(got)
	}
}
