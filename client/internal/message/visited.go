// SPDX-License-Identifier: Apache-2.0

package message

import "crypto/sha256"

// maxVisited is how many pages a [Visited] knows.
const maxVisited = 1000

// Visited finds loops among pages in bounded memory: it knows the last
// pages, and for longer loops one page farther back (Brent's algorithm).
type Visited struct {
	recent map[pageID]bool
	order  []pageID // of recent; a ring once it is full
	count  int
	anchor pageID
	limit  int // the count at which the anchor moves
}

type pageID [sha256.Size]byte

// Add reports whether the page is new.
func (v *Visited) Add(link string) bool {
	id := sha256.Sum256([]byte(link))
	if v.recent[id] || v.count > 0 && id == v.anchor {
		return false
	}
	if v.recent == nil {
		v.recent = map[pageID]bool{}
	}
	if v.count == v.limit {
		v.anchor, v.limit = id, 2*v.limit+1
	}
	if len(v.order) < maxVisited {
		v.order = append(v.order, id)
	} else {
		oldest := &v.order[v.count%maxVisited]
		delete(v.recent, *oldest)
		*oldest = id
	}
	v.recent[id] = true
	v.count++
	return true
}
