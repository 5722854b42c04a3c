// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// trace is what happened in a world: who did what at which virtual time.
type trace struct {
	mu      sync.Mutex
	entries []entry
	numbers map[string]int // of the entries of an entity
}

type entry struct {
	at     time.Duration
	who    string
	number int
	what   string
}

func (t *trace) note(at time.Duration, who, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.numbers == nil {
		t.numbers = map[string]int{}
	}
	t.numbers[who]++
	t.entries = append(t.entries, entry{at, who, t.numbers[who], fmt.Sprintf(format, args...)})
}

// String returns the entries, one a line, by time. What happens at one instant is
// ordered by who did it: the scheduler's order says nothing.
func (t *trace) String() string {
	t.mu.Lock()
	entries := slices.Clone(t.entries)
	t.mu.Unlock()
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.who, b.who), cmp.Compare(a.number, b.number))
	})
	var text strings.Builder
	for _, e := range entries {
		fmt.Fprintf(&text, "%14s  %-16s %s\n", e.at, e.who, e.what)
	}
	return text.String()
}
