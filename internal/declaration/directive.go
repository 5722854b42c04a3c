// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"fmt"
	"slices"
	"strings"
)

// The directives by which an interface declares itself a client.
const (
	HTTPClientDirective    = "http-client"
	ServiceClientDirective = "service-client"
)

const directivePrefix = "//pyfly:"

// Directive is a comment that declares a client or a method:
//
//	//pyfly:service-client url:"http://payment-service:8080" retry:"3"
//	//pyfly:get /payments/{payment_id} timeout:"5s"
type Directive struct {
	Name string // "service-client", "get"
	Path string // the template of a method
	Tags string // as in a struct tag
}

// IsMarker reports whether the directive declares a client.
func (d Directive) IsMarker() bool {
	return d.Name == HTTPClientDirective || d.Name == ServiceClientDirective
}

// ParseDirective reads a line of a comment. ok is false if it is no directive of
// ours.
func ParseDirective(comment string) (d Directive, ok bool, err error) {
	comment = strings.TrimRight(comment, " \t\r\n")
	if spaced, isComment := strings.CutPrefix(comment, "//"); isComment && strings.HasPrefix(strings.TrimLeft(spaced, " \t"), "pyfly:") && !strings.HasPrefix(spaced, "pyfly:") {
		return d, true, fmt.Errorf("is no directive because of the space after the slashes: write //%s", firstField(strings.TrimLeft(spaced, " \t")))
	}
	text, ok := strings.CutPrefix(comment, directivePrefix)
	if !ok {
		return d, false, nil
	}
	d.Name = firstField(text)
	rest := strings.TrimLeft(text[len(d.Name):], " \t")
	switch known := append([]string{HTTPClientDirective, ServiceClientDirective}, verbs...); {
	case d.IsMarker():
		d.Tags = rest
		return d, true, nil
	case slices.Contains(verbs, d.Name):
		return d.withPath(rest)
	case strings.Contains(d.Name, `:"`):
		verb, _, _ := strings.Cut(d.Name, ":")
		return d, true, fmt.Errorf("has its path in a tag: write //pyfly:%s /path", verb)
	default:
		return d, true, fmt.Errorf("has the unknown directive %q: it may be one of %s%s", d.Name, strings.Join(known, ", "), didYouMean(d.Name, known))
	}
}

// withPath reads what follows a verb.
func (d Directive) withPath(rest string) (Directive, bool, error) {
	d.Path = firstField(rest)
	switch unquoted := strings.Trim(d.Path, "\"`'"); {
	case d.Path == "" || strings.Contains(d.Path, `:"`):
		return d, true, fmt.Errorf("has no path: write //pyfly:%s /path", d.Name)
	case unquoted != d.Path:
		return d, true, fmt.Errorf("has quotes around its path: write //pyfly:%s %s", d.Name, ShownTemplate(unquoted))
	}
	d.Tags = strings.TrimLeft(rest[len(d.Path):], " \t")
	return d, true, nil
}

// firstField returns a text up to its first space.
func firstField(text string) string {
	if end := strings.IndexAny(text, " \t"); end >= 0 {
		return text[:end]
	}
	return text
}
