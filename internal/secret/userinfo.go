// SPDX-License-Identifier: Apache-2.0

package secret

import (
	"regexp"
	"strings"

	"github.com/pyfly-go/pyfly/internal/placeholder"
)

// The data source names of database drivers, which are not URLs:
// user:password@tcp(host:3306)/db, user:password@/db, user:password@host:5432,
// user/password@//host:1521/service.
var (
	withNetwork = regexp.MustCompile(`(^|[\s"'=(,])([^\s:@/"'=(,*]*:\S*)@([a-z0-9]*)\(`)
	withNoHost  = regexp.MustCompile(`(^|[\s"'=(,])([^\s:@/"'=(,*]+:\S+)@/`)
	withHost    = regexp.MustCompile(`(^|[\s"'=(,])([^\s:@/"'=(,*]+):([^\s@/][^\s@]*)@([\w.-]+|\[[0-9a-fA-F:.]+\])(:\d+|/)`)
	withSlash   = regexp.MustCompile(`(^|[\s"'=(,]|thin:|oci8?:)([^\s:@/"'=(,*]+/[^\s@*]+)@(//|[\w.-]+:\d+)`)
	bare        = regexp.MustCompile(`^([^\s:@/"'=(,*]+):([^\s@/][^\s@]*)@([\w.-]+)$`)
)

// withoutPassword are words that may precede a colon and an address with an @
// without being a user.
var withoutPassword = words("mailto sip sips xmpp acct im pres tel to from cc bcc")

// withoutDataSources hides user and password of data source names.
func withoutDataSources(text string, isSetting bool) string {
	text = withNetwork.ReplaceAllString(text, "${1}"+Hidden+"@${3}(")
	text = withNoHost.ReplaceAllString(text, "${1}"+Hidden+"@/")
	text = withSlash.ReplaceAllStringFunc(text, func(found string) string {
		parts := withSlash.FindStringSubmatch(found)
		if parts[3] != "//" && !strings.HasSuffix(parts[1], ":") {
			return found
		}
		return parts[1] + Hidden + "@" + parts[3]
	})
	text = withHost.ReplaceAllStringFunc(text, func(found string) string {
		parts := withHost.FindStringSubmatch(found)
		if !isUser(parts[2], parts[4]) {
			return found
		}
		return parts[1] + Hidden + "@" + parts[4] + parts[5]
	})
	if !isSetting {
		return text
	}
	elements := strings.Split(text, ",")
	for i, element := range elements {
		if parts := bare.FindStringSubmatch(strings.TrimSpace(element)); parts != nil && isUser(parts[1], parts[3]) {
			elements[i] = Hidden + "@" + parts[3]
		}
	}
	return strings.Join(elements, ",")
}

// isUser reports whether name, before a colon, may be a user at host, and not
// the scheme of an address or the name of a container image.
func isUser(name, host string) bool {
	return !withoutPassword[strings.ToLower(name)] && host != "sha256" && host != "sha512"
}

// withoutUserInfo hides the text before the @ of an authority.
func withoutUserInfo(text string, isPort func(string) bool) string {
	if !strings.Contains(text, "://") {
		return text
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "://")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		b.WriteString("://")
		if end := userInfo(rest, isPort); end >= 0 {
			b.WriteString(Hidden)
			rest = rest[end:]
		}
		text = rest
	}
}

// userInfo returns the index of the @ that ends the user and password at the
// beginning of a text, or -1. An unescaped password may contain slashes: if the
// text after a colon is not a port, it is a password.
func userInfo(text string, isPort func(string) bool) int {
	end, isInside, colon := -1, true, -1
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v':
			return end
		case c == '@':
			end = i
		case !isInside:
		case strings.HasPrefix(text[i:], "${"):
			i += placeholder.Length(text[i:]) - 1
		case c == '[' && i == 0: // an IPv6 address
			i = max(strings.IndexByte(text, ']'), 0)
		case c == ':' && colon < 0:
			colon = i
		case c == '/' || c == '?' || c == '#':
			if end >= 0 || colon < 0 || isPort(text[colon+1:i]) {
				return end
			}
			isInside = false
		}
	}
	return end
}

func isNumber(text string) bool {
	return strings.Trim(text, "0123456789") == ""
}
