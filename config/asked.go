// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"sync"
)

// asked records which keys somebody has read, so that those which nobody reads
// can be told. It is safe for concurrent use; the zero value is empty.
type asked struct {
	mu   sync.RWMutex
	keys map[string]askedKey // by canonical key
}

type askedKey struct {
	key   string // as it was asked for
	whole bool   // with all that is below it
}

func (a *asked) add(key string) { a.note(key, false) }

// addWhole records that everything below key was read as well.
func (a *asked) addWhole(key string) { a.note(key, true) }

// addAll records what other has recorded.
func (a *asked) addAll(other *asked) {
	for _, known := range other.all() {
		a.noteAny(known.key, known.whole)
	}
}

// addElement records that a key inside a list was read, which is none of its own
// unless a variable sets it.
func (a *asked) addElement(key string) { a.noteAny(key, false) }

func (a *asked) note(key string, whole bool) {
	if !strings.Contains(key, "[") {
		a.noteAny(key, whole)
	}
}

func (a *asked) noteAny(key string, whole bool) {
	canonical := canonicalKey(key)
	a.mu.RLock()
	known, isKnown := a.keys[canonical]
	a.mu.RUnlock()
	if isKnown && (known.whole || !whole) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.keys == nil {
		a.keys = map[string]askedKey{}
	}
	whole = whole || a.keys[canonical].whole
	a.keys[canonical] = askedKey{key, whole}
}

// all returns what has been asked for so far.
func (a *asked) all() []askedKey {
	a.mu.RLock()
	defer a.mu.RUnlock()
	all := make([]askedKey, 0, len(a.keys))
	for _, known := range a.keys {
		all = append(all, known)
	}
	return all
}

// knows reports whether a key, or all that is below one of its parents, has
// been read.
func (a *asked) knows(key string) bool {
	canonical := canonicalPath(splitKey(key))
	a.mu.RLock()
	defer a.mu.RUnlock()
	for i := 0; i <= len(canonical); i++ {
		known, isKnown := a.keys[strings.Join(canonical[:i], ".")]
		if isKnown && (known.whole || i == len(canonical)) {
			return true
		}
	}
	return false
}
