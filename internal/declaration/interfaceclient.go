// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"slices"
	"strings"
)

// Interface is an interface that is declared a client by directives.
type Interface struct {
	Type    string            // the Go type: "PaymentClient"
	Name    string            // the client's, unless its directive has one: "payment-client"
	Comment []string          // the lines of its comment, with slashes
	Methods []InterfaceMethod // those of embedded interfaces, too
}

// InterfaceMethod is a method of such an interface.
type InterfaceMethod struct {
	Name    string
	Comment []string // the lines of its comment, with slashes
	Func    *Func    // with the names of its parameters
}

// OfInterface reads the declaration of a client that is an interface.
func OfInterface(i *Interface) *Client {
	c := &Client{Type: i.Type, Name: i.Name, toGuard: "write //pyfly:service-client"}
	marker, ok := c.directive("", i.Comment, Directive.IsMarker, "//pyfly:http-client or //pyfly:service-client")
	if !ok {
		return c
	}
	c.Marker, c.IsService = marker.Name, marker.Name == ServiceClientDirective
	c.readMarker(marker.Tags)
	for _, m := range i.Methods {
		c.checkFake(m.Name, i.Methods)
		c.readInterfaceMethod(m)
	}
	return c
}

// directive returns the only directive of a comment that is wanted.
func (c *Client) directive(field string, comment []string, isWanted func(Directive) bool, wanted string) (found Directive, ok bool) {
	before := len(c.Problems)
	for _, line := range comment {
		d, isDirective, err := ParseDirective(line)
		switch {
		case err != nil:
			c.fail(field, "%v", err)
		case !isDirective:
		case !isWanted(d):
			c.fail(field, "has the directive //pyfly:%s, which is not for it: write %s", d.Name, wanted)
		case ok:
			c.fail(field, "has two directives, %s and %s: write one", found.Name, d.Name)
		default:
			found, ok = d, true
		}
	}
	if !ok && len(c.Problems) == before {
		c.fail(field, "has no directive: write %s above it", wanted)
	}
	return found, ok
}

func isVerb(d Directive) bool { return !d.IsMarker() }

// checkFake refuses a method that would have the name of the function of another
// one in the generated fake.
func (c *Client) checkFake(name string, methods []InterfaceMethod) {
	if slices.ContainsFunc(methods, func(m InterfaceMethod) bool { return m.Name == name+"Func" }) {
		c.fail(name, "has a function %sFunc in the generated fake, which is the name of another method: rename one of them", name)
	}
}

func (c *Client) readInterfaceMethod(i InterfaceMethod) {
	verb, ok := c.directive(i.Name, i.Comment, isVerb, "//pyfly:get /path, or another verb,")
	if !ok {
		return
	}
	tags, err := ParseTags(verb.Tags)
	if err != nil {
		c.fail(i.Name, "%v", err)
		return
	}
	known := slices.Concat(methodTags, []string{"query"})
	m := &Method{Name: i.Name, Field: i.Name, Func: i.Func, isNamed: true}
	tags = slices.DeleteFunc(tags, func(tag Tag) bool {
		if slices.Contains(known, tag.Key) {
			return false
		}
		c.fail(i.Name, "unknown tag %q: it may be one of %s%s", tag.Key, strings.Join(known, ", "), didYouMean(tag.Key, known))
		return true
	})
	c.readMethod(m, Tag{verb.Name, verb.Path}, tags)
}
