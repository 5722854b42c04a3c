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
	first string // its address
	more  []string
}

// The caller of the methods below holds the lock.

func (t *Tried) isEmpty() bool { return t == nil || t.first == "" }

func (t *Tried) has(address string) bool {
	return t.first == address || slices.Contains(t.more, address)
}

func (t *Tried) add(address string) {
	switch {
	case t.first == "":
		t.first = address
	case !t.has(address):
		t.more = append(t.more, address)
	}
}
