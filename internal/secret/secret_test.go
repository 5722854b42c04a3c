// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"strings"
	"testing"
)

func TestNamesOfSecrets(t *testing.T) {
	for _, name := range []string{
		"password", "db.password", "client-secret", "clientSecret", "x.api-key", "apiKey", "API_KEY", "X-Api-Key", "access.token",
		"accesstoken", "authToken", "tokens", "Authorization", "Proxy-Authorization", "Set-Cookie", "cookies", "DB_PWD", "private_key",
		"AWS_SECRET_ACCESS_KEY", "credentials", "passphrase", "token-url", "user.password.hash", "signingKey",
		"a-name-that-is-very-long-indeed-and-goes-on-for-more-than-64-bytes-password",
	} {
		if !Name(name) {
			t.Errorf("%q is taken for no secret", name)
		}
	}
	for _, name := range []string{"", "secretary", "tokenizer", "key", "keys", "author", "auth", "bean", "passage", "cookiecutter", "trace_id", "größe"} {
		if Name(name) {
			t.Errorf("%q is taken for a secret", name)
		}
	}
}

func TestParametersAreStricter(t *testing.T) {
	for _, name := range []string{"key", "sig", "auth", "pwd", "X-Amz-Signature", "api_key", "access-token", "tokenvalue"} {
		if !Parameter(name) {
			t.Errorf("%q is taken for no secret", name)
		}
	}
	for _, name := range []string{"page", "monkey", "sort"} {
		if Parameter(name) {
			t.Errorf("%q is taken for a secret", name)
		}
	}
}

func TestSecretsInURLsAreHidden(t *testing.T) {
	for text, want := range map[string]string{
		"plain?":                        "plain?",
		"http://me:pw@host/x":           "http://******@host/x",
		"http://me:$1@host":             "http://******@host",
		"amqp://a@b and http://c:d@e":   "amqp://******@b and http://******@e",
		`Get "/x?token=abc&page=2": no`: `Get "/x?token=******&page=2": no`,
		"?key=1&sort=a&api_key=b":       "?key=******&sort=a&api_key=******",
		"is it? a=b":                    "is it? a=b",
		"http://host/x?page=1":          "http://host/x?page=1",
		"http://me:${PW:a/b}@host/x":    "http://******@host/x",
		"http://me:p/w@host/x":          "http://******@host/x",
		"http://me:p?w#/@1@host/x y@z":  "http://******@host/x y@z",
		"http://me:/@host":              "http://me:/@host",
		"http://host:80/a@b":            "http://host:80/a@b",
		"http://[::1]:80/a@b":           "http://[::1]:80/a@b",
		"http://[::1]/a@b":              "http://[::1]/a@b",
		"http://host/a@b?c=d@e":         "http://host/a@b?c=d@e",
		"http://host:${PORT:80}/x@y":    "http://******@y",
		"http://${a:{b}}:${c:{d/e}}@h":  "http://******@h",
		"http://a:${b@h":                "http://******@h",
		"a://b:c@d e://f:g@h":           "a://******@d e://******@h",
	} {
		if got := Text(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestAPasswordInASettingMayHoldDigitsAndASlash(t *testing.T) {
	for text, want := range map[string]string{
		"http://me:12/34@host":     "http://******@host",
		"http://me:/34@host":       "http://******@host",
		"http://host:80/x?key=1":   "http://host:80/x?key=******",
		"https://host/@me":         "https://host/@me",
		"http://localhost:80/v1/x": "http://localhost:80/v1/x",
	} {
		if got := SettingText(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestFurtherNamesOfParameters(t *testing.T) {
	got := TextWith("/x?sid=1&page=2&token=3", func(name string) bool { return name == "sid" })
	if got != "/x?sid=******&page=2&token=******" {
		t.Error(got)
	}
}

func TestWhatMayBeShownOfASecret(t *testing.T) {
	for text, want := range map[string]string{
		"sesame":                   "******",
		"":                         "******",
		"http://host:8080":         "http://host:8080",
		"https://host/":            "https://host/",
		"https://host/a/sesame":    "https://host/******",
		"https://host?x=sesame":    "https://host/******",
		"https://me:sesame@host":   "https://host/******",
		"postgres://me:sesame@db/": "******",
		"http://%zz":               "******",
	} {
		if got := Value(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestSecretsInTemplatesAreHidden(t *testing.T) {
	for text, want := range map[string]string{
		"plain":                     "plain",
		"Bearer ${KEY}":             "Bearer ${KEY}",
		"${payment.api-key}":        "${payment.api-key}",
		"${payment.api-key:sesame}": "${payment.api-key:******}",
		"${payment.api-key:${x:sesame}} and more": "${payment.api-key:******} and more",
		"${tenant:${API_KEY:sesame}}":             "${tenant:${API_KEY:******}}",
		"${api-key.${stage}:sesame}":              "${api-key.${stage}:******}",
		"${tenant} ${api-key:sesame":              "${tenant} ${api-key:******",
		"${token.url:http://host:8080}":           "${token.url:http://host:8080}",
		"${url:http://me:sesame@host}":            "${url:http://******@host}",
		"http://${user}:${password:a/b}@host":     "http://******@host",
		"${":                                      "${",
		"${ api-key : sesame }":                   "${ api-key :******}",
		"${${api-key:sesame}}":                    "${${api-key:******}}",
		"${${api-key:sesame}:x}":                  "${${api-key:******}:******}",
		"${api-key:{sesame}} {x}":                 "${api-key:******} {x}",
		"$${api-key:sesame}":                      "$${api-key:sesame}",
		"${tenant:${api-key:sesame":               "${tenant:${api-key:******",
		"${${api-key:sesame":                      "${${api-key:******",
		"${:x} ${api-key:sesame}":                 "${:x} ${api-key:******}",
	} {
		if got := Template(text); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

func TestALookAtANameAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { Name("customer-id") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzText(f *testing.F) {
	for _, text := range []string{"http://me:pw@host/x", "?a=b&token=c;d", "x?&==?key=?", "://@", "a?token=\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		once := Text(text)
		if twice := Text(once); twice != once {
			t.Errorf("%q became %q, and that %q", text, once, twice)
		}
		if Text("https://ada:s3cr3t@host/"+text) == "" || strings.Contains(Text("https://ada:s3cr3t@host/?token=s3cr3t&"+text), "s3cr3t") && !strings.Contains(text, "s3cr3t") {
			t.Errorf("%q lets the secret through", text)
		}
		Name(text)
		Parameter(text)
	})
}
