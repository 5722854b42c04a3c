// SPDX-License-Identifier: Apache-2.0

// Package hostpattern parses the hosts that a setting allows:
//
//	files.example.com          a name
//	files.example.com:8443     with a port
//	*.example.com              every name below a domain, not the domain itself
//	192.0.2.1, 2001:db8::1     an address
//	[2001:db8::1]:8443         with a port, an IPv6 address stands in brackets
package hostpattern

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode"
)

// Pattern is a host, or all hosts below a domain. The zero value matches
// nothing.
type Pattern struct {
	name       string // for a wildcard, the text after the asterisk
	address    netip.Addr
	isWildcard bool
	port       string
}

// Parse parses a pattern. Its error includes the remedy.
func Parse(text string) (Pattern, error) {
	host, port, err := split(text)
	if err != nil {
		return Pattern{}, err
	}
	p := Pattern{port: port}
	if strings.HasPrefix(host, "[") {
		p.address, err = netip.ParseAddr(strings.Trim(host, "[]"))
		if err != nil || !p.address.Is6() {
			return Pattern{}, fmt.Errorf("%q has no IPv6 address in its brackets: write one such as [2001:db8::1]:8443", text)
		}
		return p, nil
	}
	if p.address, err = netip.ParseAddr(host); err == nil {
		return p, nil
	}
	host, p.isWildcard = strings.CutPrefix(host, "*")
	p.name = canonical(host)
	if p.isWildcard && (!strings.HasPrefix(p.name, ".") || strings.Count(p.name, ".") < 2) {
		return Pattern{}, fmt.Errorf("%q allows too much or nothing: write an asterisk in front of a domain, as in *.example.com", text)
	}
	if !isName(strings.TrimPrefix(p.name, ".")) {
		return Pattern{}, fmt.Errorf("%q is not a valid host: write a host such as files.example.com, files.example.com:8443, *.example.com or [2001:db8::1]:8443", text)
	}
	return p, nil
}

// split separates the port from a host. Colons of an IPv6 address without
// brackets do not begin a port.
func split(text string) (host, port string, err error) {
	colon := strings.LastIndexByte(text, ':')
	isBare := strings.Count(text, ":") > 1 && !strings.HasPrefix(text, "[")
	if colon < 0 || isBare || strings.HasSuffix(text, "]") {
		return text, "", nil
	}
	port = text[colon+1:]
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port {
		return "", "", fmt.Errorf("%q has no valid port: write one between 1 and 65535, as in files.example.com:8443", text)
	}
	return text[:colon], port, nil
}

// isName reports whether a host may be a domain name. Names in other scripts
// and with underscores are valid.
func isName(name string) bool {
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || strings.ContainsFunc(label, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_' }) {
			return false
		}
	}
	return true
}

// canonical returns a name in lower case, without the trailing dot of a fully
// qualified name.
func canonical(name string) string { return strings.TrimSuffix(strings.ToLower(name), ".") }

// Port returns the port, or "" if the pattern has none.
func (p Pattern) Port() string { return p.port }

// Matches reports whether the pattern matches a host without port. Case and
// brackets are ignored. An IP address matches all notations of the same
// address.
func (p Pattern) Matches(host string) bool {
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		return p.address.IsValid() && p.address.Unmap() == address.Unmap()
	}
	name := canonical(host)
	if p.isWildcard {
		below, isBelow := strings.CutSuffix(name, p.name)
		return isBelow && isName(below)
	}
	return p.name != "" && name == p.name
}

// String returns the pattern in the form of a URL's authority.
func (p Pattern) String() string {
	host := p.name
	switch {
	case p.isWildcard:
		host = "*" + p.name
	case p.address.IsValid():
		host = p.address.String()
	}
	if p.port != "" {
		return net.JoinHostPort(host, p.port)
	}
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}
