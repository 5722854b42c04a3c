// SPDX-License-Identifier: Apache-2.0

// Package screen lets the tests of examples read what these print.
package screen

import (
	"strings"
	"sync"
)

// Screen keeps what is written to it, and calls Then, once, when the text When
// has appeared. It is safe for concurrent use.
type Screen struct {
	When string
	Then func()

	mu   sync.Mutex
	text strings.Builder
}

// Write implements io.Writer.
func (s *Screen) Write(p []byte) (int, error) {
	if then := s.keep(p); then != nil {
		then()
	}
	return len(p), nil
}

// keep returns the function to call now, if any.
func (s *Screen) keep(p []byte) (then func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text.Write(p)
	if s.Then != nil && strings.Contains(s.text.String(), s.When) {
		then, s.Then = s.Then, nil
	}
	return then
}

// String returns what has been written so far.
func (s *Screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}
