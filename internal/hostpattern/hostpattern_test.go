// SPDX-License-Identifier: Apache-2.0

package hostpattern_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/internal/hostpattern"
)

func TestWhatPatternsMatch(t *testing.T) {
	for pattern, hosts := range map[string]map[string]bool{
		"Files.example":       {"files.example": true, "FILES.EXAMPLE": true, "files.example.": true, "xfiles.example": false, "a.files.example": false, "": false},
		"files.example.":      {"files.example": true},
		"files.example:8443":  {"files.example": true, "files.example:8443": false},
		"*.cdn.example":       {"a.cdn.example": true, "a.b.CDN.example.": true, "cdn.example": false, ".cdn.example": false, "evilcdn.example": false, "a.cdn.example.evil": false},
		"192.0.2.1":           {"192.0.2.1": true, "::ffff:192.0.2.1": true, "192.0.2.10": false, "192.0.2.1.example": false},
		"2001:db8::1":         {"2001:db8::1": true, "[2001:DB8:0::1]": true, "2001:db8::2": false},
		"[2001:db8::1]":       {"2001:db8::1": true},
		"[2001:db8::1]:8443":  {"2001:db8::1": true},
		"[fe80::1%eth0]:8443": {"fe80::1%eth0": true, "fe80::1": false},
		"*.0.0.1":             {"127.0.0.1": false},
		"ops_1":               {"ops_1": true},
		"bücher.example":      {"bücher.example": true},
	} {
		p, err := hostpattern.Parse(pattern)
		require.NoError(t, err, pattern)
		for host, want := range hosts {
			assert.Equal(t, want, p.Matches(host), "%s and the host %q", pattern, host)
		}
	}
	assert.False(t, hostpattern.Pattern{}.Matches(""))
	assert.False(t, hostpattern.Pattern{}.Matches("0.0.0.0"))
}

func TestPortsAndFormsOfPatterns(t *testing.T) {
	for pattern, want := range map[string][2]string{
		"Files.example": {"", "files.example"}, "files.example:8443": {"8443", "files.example:8443"}, "*.cdn.example:81": {"81", "*.cdn.example:81"},
		"2001:db8::1": {"", "[2001:db8::1]"}, "[2001:db8:0::1]:8443": {"8443", "[2001:db8::1]:8443"}, "192.0.2.1:80": {"80", "192.0.2.1:80"},
	} {
		p, err := hostpattern.Parse(pattern)
		require.NoError(t, err, pattern)
		assert.Equal(t, want, [2]string{p.Port(), p.String()}, pattern)
	}
}

func TestWhatIsNoPattern(t *testing.T) {
	for text, want := range map[string]string{
		"": "not a valid host", "https://files.example": "port", "files.example/x": "not a valid host", "files example": "not a valid host",
		"a@files.example": "not a valid host", "files..example": "not a valid host", "files.example:": "port", "files.example:http": "port",
		"files.example:0": "port", "files.example:65536": "port", "files.example:+80": "port", "*": "too much", "*.": "too much", "*.com": "too much",
		"*files.example": "too much", "a*.example.com": "not a valid host", "*.*.example.com": "not a valid host", "[files.example]:80": "IPv6", "[192.0.2.1]": "IPv6",
		"[2001:db8::1": "IPv6", "2001:db8::1:8443:x": "not a valid host",
	} {
		_, err := hostpattern.Parse(text)
		assert.ErrorContains(t, err, want, "%q", text)
	}
}
