// SPDX-License-Identifier: Apache-2.0

package message

import (
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/hosts"
	"github.com/pyfly-go/pyfly/client/port"
)

func linksOf(t *testing.T, base string) Links {
	t.Helper()
	u, err := url.Parse(base)
	require.NoError(t, err)
	return Links{Base: u, Allowed: hosts.Allowed{"files.example"}}
}

func TestLinksAreFollowed(t *testing.T) {
	for _, test := range []struct{ base, link, query, want string }{
		{"http://h", "http://h/x?a=1", "", "/x?a=1"},
		{"http://h", "http://h:80/x", "", "/x?"},
		{"http://h", "http://h:/x", "", "/x?"},
		{"http://h:80", "http://h/x", "", "/x?"},
		{"http://h:", "http://h/x", "", "/x?"},
		{"http://h:8080", "HTTP://H:8080/x", "", "/x?"},
		{"https://h", "https://h:443/x", "", "/x?"},
		{"https://h:443/api/", "https://h/api/x", "", "/x?"},
		{"http://[::1]", "http://[::1]:80/x", "", "/x?"},
		{"http://h", "//h:80/x", "", "/x?"},
		{"http://h", "http://h", "", "?"},
		{"http://h", "/x", "", "/x?"},
		{"http://h", "/Products('a')/b(1)!*", "", "/Products('a')/b(1)!*?"},
		{"http://h", "/a%2Fb%28c", "", "/a%2Fb%28c?"},
		{"http://h", "/x#part", "", "/x?"},
		{"http://h", "/x?a=1", "b=2", "/x?a=1&b=2"},
		{"http://h", "/x?", "b=2", "/x?b=2"},
		{"http://h", "/x?a=b c&d=ä", "", "/x?a=b%20c&d=%C3%A4"},
		{"http://h", "/x?a=%2F+b&c[]='d'", "", "/x?a=%2F+b&c[]='d'"},
		{"http://u:p@h", "http://h/x", "", "/x?"},
		{"http://u:p@h", "http://u:p@h/x", "", "/x?"},
		{"http://h", "http://files.example:80/x?a=1", "b=2", "/x?a=1&b=2"},
	} {
		m := &Message{Link: test.link, Query: test.query, Path: "/declared"}
		require.NoError(t, linksOf(t, test.base).Follow(m), test.link)
		require.Equal(t, test.want, m.Path+"?"+m.Query, test.link)
		require.Equal(t, strings.Contains(test.link, "files"), m.Elsewhere != nil, test.link)
	}
	m := &Message{Link: "http://files.example:/x"}
	require.NoError(t, linksOf(t, "http://h").Follow(m))
	require.Equal(t, "http://files.example", m.Elsewhere.String())
	m = &Message{Path: "/declared", Query: "a=1"}
	require.NoError(t, linksOf(t, "http://h").Follow(m))
	require.Equal(t, "/declared?a=1", m.Path+"?"+m.Query)
}

func TestLinksThatAreNotFollowed(t *testing.T) {
	for _, test := range []struct{ base, link string }{
		{"http://h", "http://h:81/x"}, {"http://h", "https://h/x"}, {"http://h", "https://h:80/x"}, {"https://h", "http://h/x"}, {"https://h", "//h:80/x"},
		{"http://h:8080", "http://h/x"}, {"http://h", "http://h.evil/x"}, {"http://h", "//evil/x"}, {"http://h", "http://h@evil/x"},
		{"http://h", "http://hunter2@h/x"}, {"http://h", "http://u:hunter2@h:80/x"}, {"http://u:p@h", "http://u:hunter2@h/x"}, {"http://h", "http://u:hunter2@files.example/x"},
		{"http://h", "x"}, {"http://h", "?a=1"}, {"http://h", "http:/x"}, {"http://h", "http:x"}, {"http://h", "mailto:a@b"}, {"http://h", "http://"},
		{"http://h/api", "http://h/x"}, {"http://h/api", "/apix"}, {"http://h/api", "/api/%2e%2e/x"}, {"http://h", "/a/../x"}, {"http://h", "http://%zz/"},
		{"http://h", "http://" + strings.Repeat("x", 5000) + "/"},
	} {
		m := &Message{Link: test.link}
		err := linksOf(t, test.base).Follow(m)
		require.ErrorIs(t, err, port.ErrInvalidRequest, test.link)
		require.NotContains(t, err.Error(), "hunter2")
		require.Less(t, len(err.Error()), 800)
	}
}

func TestALinkTakesTheQueryOfArgumentsOnly(t *testing.T) {
	for link, want := range map[string]string{"": "declared=1&page=2", "/next?x=1": "page=2"} {
		m, err := draftOf(t, "/list?declared=1", "", NoForm, func(d *Draft) {
			d.Link(link)
			d.Query("page", text("2"))
		})
		require.NoError(t, err)
		require.Equal(t, want, m.Query)
		require.Equal(t, link, m.Link)
	}
}
