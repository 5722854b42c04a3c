// SPDX-License-Identifier: Apache-2.0

// Package profile reads expressions of profiles.
package profile

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Test reports whether an expression holds for the active profiles.
type Test func(active []string) bool

// Parse reads an expression of profiles:
//
//	or   = and { "|" and }
//	and  = not { "&" not }
//	not  = "!" not | "(" or ")" | name
func Parse(expression string) (Test, error) {
	p := parser{rest: expression}
	test, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.skipBlanks(); p.rest != "" {
		return nil, fmt.Errorf("unexpected %q", p.rest)
	}
	return test, nil
}

type parser struct {
	rest string
	open int // parentheses that are not closed yet
}

func (p *parser) or() (Test, error) {
	return p.joined('|', p.and, func(a, b Test) Test {
		return func(active []string) bool { return a(active) || b(active) }
	})
}

func (p *parser) and() (Test, error) {
	return p.joined('&', p.not, func(a, b Test) Test {
		return func(active []string) bool { return a(active) && b(active) }
	})
}

func (p *parser) joined(operator byte, operand func() (Test, error),
	join func(a, b Test) Test) (Test, error) {
	test, err := operand()
	for err == nil && p.take(operator) {
		var right Test
		if right, err = operand(); err == nil {
			test = join(test, right)
		}
	}
	return test, err
}

// maxDepth keeps an absurd expression from exhausting the stack.
const maxDepth = 100

func (p *parser) not() (Test, error) {
	switch {
	case p.take('!'):
		return p.negated()
	case p.take('('):
		return p.parenthesised()
	}
	return p.name()
}

func (p *parser) negated() (Test, error) {
	negate := true
	for p.take('!') {
		negate = !negate
	}
	test, err := p.not()
	if err != nil {
		return nil, err
	}
	return func(active []string) bool { return test(active) != negate }, nil
}

func (p *parser) parenthesised() (Test, error) {
	if p.open++; p.open > maxDepth {
		return nil, errors.New("too many parentheses")
	}
	test, err := p.or()
	if err == nil && !p.take(')') {
		return nil, errors.New("a ) is missing")
	}
	p.open--
	return test, err
}

func (p *parser) name() (Test, error) {
	p.skipBlanks()
	end := strings.IndexAny(p.rest, "&|!() \t\n")
	if end < 0 {
		end = len(p.rest)
	}
	name := p.rest[:end]
	if name == "" {
		return nil, errors.New("a profile's name is missing")
	}
	p.rest = p.rest[end:]
	return func(active []string) bool { return slices.Contains(active, name) }, nil
}

func (p *parser) take(c byte) bool {
	p.skipBlanks()
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *parser) skipBlanks() { p.rest = strings.TrimLeft(p.rest, " \t\n") }
