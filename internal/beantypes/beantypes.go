// SPDX-License-Identifier: Apache-2.0

// Package beantypes lets the packages of this module know of which types the beans
// of an application are.
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

// New makes a set. It keeps the list.
func New(types []reflect.Type) *Set { return &Set{types: types, found: map[any]any{}} }

// Find returns what find makes of the types, which are those that constructors
// return. It calls find once for each key.
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
