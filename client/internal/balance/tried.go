// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"slices"
	"sync"
)

// Tried is the instances that one call has gone to. The zero value is none. It must
// not be copied. Attempts of a call that go on at the same time may share it.
type Tried struct {
	mu    sync.Mutex
	first *member
	more  []*member
}

// The caller of the methods below holds the lock.

func (t *Tried) isEmpty() bool { return t == nil || t.first == nil }

func (t *Tried) has(m *member) bool { return t.first == m || slices.Contains(t.more, m) }

func (t *Tried) add(m *member) {
	switch {
	case t.first == nil:
		t.first = m
	case !t.has(m):
		t.more = append(t.more, m)
	}
}
