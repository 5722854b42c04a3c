// SPDX-License-Identifier: Apache-2.0

package container

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// profileTest reports whether an expression holds for the active profiles.
type profileTest func(active []string) bool

// parseProfile reads an expression of profiles:
//
//	or   = and { "|" and }
//	and  = not { "&" not }
//	not  = "!" not | "(" or ")" | name
func parseProfile(expression string) (profileTest, error) {
	p := profileParser{rest: expression}
	test, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.skipBlanks(); p.rest != "" {
		return nil, fmt.Errorf("unexpected %q", p.rest)
	}
	return test, nil
}

type profileParser struct {
	rest string
	open int // parentheses that are not closed yet
}

func (p *profileParser) or() (profileTest, error) {
	return p.joined('|', p.and, func(a, b profileTest) profileTest {
		return func(active []string) bool { return a(active) || b(active) }
	})
}

func (p *profileParser) and() (profileTest, error) {
	return p.joined('&', p.not, func(a, b profileTest) profileTest {
		return func(active []string) bool { return a(active) && b(active) }
	})
}

func (p *profileParser) joined(operator byte, operand func() (profileTest, error),
	join func(a, b profileTest) profileTest) (profileTest, error) {
	test, err := operand()
	for err == nil && p.take(operator) {
		var right profileTest
		if right, err = operand(); err == nil {
			test = join(test, right)
		}
	}
	return test, err
}

// maxProfileDepth keeps an absurd expression from exhausting the stack.
const maxProfileDepth = 100

func (p *profileParser) not() (profileTest, error) {
	switch {
	case p.take('!'):
		return p.negated()
	case p.take('('):
		return p.parenthesised()
	}
	return p.name()
}

func (p *profileParser) negated() (profileTest, error) {
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

func (p *profileParser) parenthesised() (profileTest, error) {
	if p.open++; p.open > maxProfileDepth {
		return nil, errors.New("too many parentheses")
	}
	test, err := p.or()
	if err == nil && !p.take(')') {
		return nil, errors.New("a ) is missing")
	}
	p.open--
	return test, err
}

func (p *profileParser) name() (profileTest, error) {
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

func (p *profileParser) take(c byte) bool {
	p.skipBlanks()
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *profileParser) skipBlanks() { p.rest = strings.TrimLeft(p.rest, " \t\n") }
