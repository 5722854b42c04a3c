// SPDX-License-Identifier: Apache-2.0

// Package beantypes gives the packages of this module the types of the beans of
// an application.
package beantypes

import (
	"reflect"
	"sync"
)

// Set holds the types of the beans of one start. It is safe for concurrent use.
type Set struct {
	types []reflect.Type

	mu    sync.Mutex
	found map[any]any
}

// New returns a set. It keeps a reference to the list.
func New(types []reflect.Type) *Set { return &Set{types: types, found: map[any]any{}} }

// Find returns the result of find for the types, which are the types that
// constructors return. It calls find once for each key.
func (s *Set) Find(key any, find func(types []reflect.Type) any) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	result, known := s.found[key]
	if !known {
		result = find(s.types)
		s.found[key] = result
	}
	return result
}
