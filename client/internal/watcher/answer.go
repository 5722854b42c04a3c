// SPDX-License-Identifier: Apache-2.0

package watcher

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/discovery"
)

// MaxInstances is how many instances of a service are used. Of a resolver that
// knows more, those that are in use stay.
const MaxInstances = 10_000

// answer is a set of instances. It does not change.
type answer struct {
	instances []discovery.Instance // sorted by address
	at        time.Time
	before    *answer // what an empty set has followed
}

// followedBy returns the answer after a; that is a itself if nothing has changed. a
// may be nil.
func (a *answer) followedBy(instances []discovery.Instance) *answer {
	if a != nil && slices.EqualFunc(a.instances, instances, isEqual) {
		return a
	}
	next := &answer{instances: instances, at: time.Now()}
	if len(instances) == 0 {
		next.before = a
	}
	return next
}

func (a *answer) has(address string) bool {
	if a == nil {
		return false
	}
	_, found := slices.BinarySearchFunc(a.instances, address, func(i discovery.Instance, address string) int {
		return strings.Compare(i.Address, address)
	})
	return found
}

func isEqual(a, b discovery.Instance) bool {
	return a.Address == b.Address && a.Weight == b.Weight && a.ID == b.ID && a.Zone == b.Zone && maps.Equal(a.Metadata, b.Metadata)
}

// rejected counts the entries that are not used.
type rejected struct {
	invalid, duplicate, excess int
	example                    error // what is wrong with the first
}

func (r rejected) isNone() bool { return r.invalid+r.duplicate+r.excess == 0 }

func (r *rejected) note(count *int, why error) {
	*count++
	if r.example == nil {
		r.example = why
	}
}

var errTooMany = fmt.Errorf("there are more than %d", MaxInstances)

// clean returns copies of the entries that are used: valid, sorted, each address
// once, and not too many.
func clean(entries []discovery.Instance, known *answer) ([]discovery.Instance, rejected) {
	if len(entries) > MaxInstances {
		entries = knownFirst(entries, known)
	}
	var r rejected
	used := make(map[string]discovery.Instance, min(len(entries), MaxInstances))
	for i, entry := range entries {
		if len(used) == MaxInstances {
			r.note(&r.excess, errTooMany)
			r.excess = len(entries) - i
			break
		}
		instance, err := entry.Normalized()
		if err != nil {
			r.note(&r.invalid, err)
			continue
		}
		if _, isThere := used[instance.Address]; isThere {
			r.note(&r.duplicate, fmt.Errorf("%s is there twice", instance.Address))
			continue
		}
		used[instance.Address] = instance
	}
	byAddress := func(a, b discovery.Instance) int { return strings.Compare(a.Address, b.Address) }
	return slices.SortedFunc(maps.Values(used), byAddress), r
}

// knownFirst puts the entries that are in use already before the others.
func knownFirst(entries []discovery.Instance, known *answer) []discovery.Instance {
	ordered := make([]discovery.Instance, 0, len(entries))
	var others []discovery.Instance
	for _, entry := range entries {
		if known.has(entry.Address) {
			ordered = append(ordered, entry)
		} else {
			others = append(others, entry)
		}
	}
	return append(ordered, others...)
}
