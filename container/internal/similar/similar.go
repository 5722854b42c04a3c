// SPDX-License-Identifier: Apache-2.0

// Package similar finds Go names that someone may have meant by another one.
package similar

import (
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/naming"
)

// Index finds names by their words. Its zero value is empty. Names are known by
// their number, in the order in which they were added.
type Index struct {
	count   int
	byName  map[string][]int // names by all of their words
	byWords map[string][]int // names by each sequence of their words
	equal   map[string][]int // names in lower case
}

// Add adds a name. An empty one is never found.
func (x *Index) Add(name string) {
	number := x.count
	x.count++
	if name == "" {
		return
	}
	if x.byName == nil {
		x.byName, x.byWords, x.equal = map[string][]int{}, map[string][]int{}, map[string][]int{}
	}
	add := func(index map[string][]int, key string) {
		if list := index[key]; len(list) == 0 || list[len(list)-1] != number {
			index[key] = append(list, number)
		}
	}
	add(x.equal, strings.ToLower(name))
	add(x.byName, naming.KebabCase(name))
	for sequence := range sequences(name) {
		add(x.byWords, sequence)
	}
}

// Equal returns the numbers of the names that differ from name in upper and lower
// case at most, in ascending order.
func (x *Index) Equal(name string) []int { return x.equal[strings.ToLower(name)] }

// SharingWords returns the numbers of at most n names the words of which are all
// in name, one after the other, or the other way round: "memoryStore" and "Store".
// Numbers for which skip returns true are left out. They are in ascending order.
func (x *Index) SharingWords(name string, n int, skip func(number int) bool) (numbers []int) {
	if name == "" {
		return nil
	}
	lists := [][]int{x.byWords[naming.KebabCase(name)]}
	for sequence := range sequences(name) {
		lists = append(lists, x.byName[sequence])
	}
	for _, list := range lists {
		taken := 0
		for _, number := range list {
			if taken == n {
				break
			}
			if !skip(number) {
				numbers = append(numbers, number)
				taken++
			}
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	return numbers[:min(n, len(numbers))]
}

// maxWords keeps an absurd name from having too many sequences.
const maxWords = 12

// sequences yields each sequence of words of a name: of "userStore" these are
// "user", "user-store" and "store".
func sequences(name string) func(yield func(string) bool) {
	words := strings.Split(naming.KebabCase(name), "-")
	words = words[:min(len(words), maxWords)]
	return func(yield func(string) bool) {
		for from := range words {
			for to := from + 1; to <= len(words); to++ {
				if !yield(strings.Join(words[from:to], "-")) {
					return
				}
			}
		}
	}
}
