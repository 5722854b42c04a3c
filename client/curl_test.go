// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
)

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (b unread) Read([]byte) (int, error) {
	b.t.Error("the body was read")
	return 0, io.EOF
}
func (unread) Close() error { return nil }

func TestCurl(t *testing.T) {
	parse := func(text string) *url.URL {
		u, err := url.Parse(text)
		require.NoError(t, err)
		return u
	}
	for name, test := range map[string]struct {
		req  *http.Request
		want string
	}{
		"nil":        {nil, ""},
		"nothing":    {&http.Request{}, "curl"},
		"get":        {&http.Request{Method: "GET", URL: parse("http://host/a?b=c#d")}, "curl --url 'http://host/a?b=c'"},
		"relative":   {&http.Request{URL: parse("/a%2Fb")}, "curl --url '/a%2Fb'"},
		"head":       {&http.Request{Method: "HEAD", URL: parse("http://host/")}, "curl --head --url 'http://host/'"},
		"delete":     {&http.Request{Method: "DELETE", URL: parse("http://host/")}, "curl --request 'DELETE' --url 'http://host/'"},
		"empty body": {&http.Request{Method: "POST", Body: http.NoBody, URL: parse("http://host/")}, "curl --request 'POST' --url 'http://host/'"},
		"body": {&http.Request{Method: "POST", Body: unread{t}, URL: parse("http://host/"), Header: http.Header{"Content-Type": {"a/b"}, "Content-Length": {"3"}}},
			"curl --request 'POST' --header 'Content-Type: a/b' --data-binary '@-' --url 'http://host/'"},
		"body of unknown type": {&http.Request{Body: unread{t}, URL: parse("http://host/")},
			"curl --request 'GET' --header 'Content-Type:' --data-binary '@-' --url 'http://host/'"},
		"headers": {&http.Request{URL: parse("/"), Header: http.Header{"X-B": {"2", ""}, "X-A": {"it's"}, "@/etc/passwd": {"x"}, "a b": {"x"}}},
			`curl --header 'X-A: it'\''s' --header 'X-B: 2' --header 'X-B;' --url '/'`},
		"host":      {&http.Request{Host: "shop", URL: parse("http://10.0.0.1:80/")}, "curl --header 'Host: shop' --url 'http://10.0.0.1:80/'"},
		"same host": {&http.Request{Host: "shop", URL: parse("http://shop/"), Header: http.Header{"Host": {"x"}}}, "curl --url 'http://shop/'"},
		"glob":      {&http.Request{URL: parse("http://[::1]/")}, "curl --globoff --url 'http://[::1]/'"},
		"line break": {&http.Request{URL: parse("/"), Header: http.Header{"X-A": {"a\r\nX-B: b\x00\x1b[0m"}}},
			"curl --header 'X-A: a  X-B: b  [0m' --url '/'"},
		"secret headers": {&http.Request{URL: parse("/"), Header: http.Header{"Authorization": {"Bearer t0k3n"}, "Cookie": {"s=t0k3n"}, "X-Api-Key": {"t0k3n"}, "Referer": {"http://a:t0k3n@host/?token=t0k3n"}}},
			"curl --header 'Authorization: ******' --header 'Cookie: ******' --header 'Referer: http://******@host/?token=******' --header 'X-Api-Key: ******' --url '/'"},
		"secrets in the URL": {&http.Request{URL: parse("http://ada:t0k3n@host/?a=1&token=t0k3n;key=t0k3n&%74oken=t0k3n&b=2#access_token=t0k3n")},
			"curl --url 'http://******@host/?a=1&token=******;key=******&%74oken=******&b=2'"},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, test.want, client.Curl(test.req)) })
	}
}

// FuzzCurl lets a shell take the command apart.
func FuzzCurl(f *testing.F) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		f.Skip("there is no sh")
	}
	for _, seed := range []string{"plain", "it's", `$(id) "x" \' !!`, "`id`; rm -rf / & | > <", "a\nb\x00c\xff", "ünïcode", "'", ""} {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, value, query string) {
		req := &http.Request{Method: "POST", URL: &url.URL{Scheme: "http", Host: "host", Path: "/", RawQuery: query}, Header: http.Header{"X-Value": {value}}}
		command, found := strings.CutPrefix(client.Curl(req), "curl ")
		require.True(t, found)
		require.NotContains(t, command, "\n")
		out, err := exec.Command(sh, "-c", `printf '%s\n' `+command).CombinedOutput()
		require.NoError(t, err, "%s", out)
		words := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
		header := "X-Value: " + strings.Map(visible, strings.ToValidUTF8(value, "?"))
		if value == "" {
			header = "X-Value;"
		}
		require.Equal(t, []string{"--request", "POST", "--header"}, words[:3])
		if !strings.ContainsAny(value, "?:") { // nothing in it is hidden
			require.Equal(t, header, strings.ToValidUTF8(words[3], "?"))
		}
		require.Equal(t, "--url", words[len(words)-2])
	})
}

func visible(r rune) rune {
	if r < ' ' || r == 0x7f {
		return ' '
	}
	return r
}
