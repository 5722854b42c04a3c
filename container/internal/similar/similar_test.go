// SPDX-License-Identifier: Apache-2.0

package similar_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/container/internal/similar"
)

func TestNamesAreFoundByTheirWords(t *testing.T) {
	names := []string{"MemoryStore", "", "Store", "UserMemoryStoreProxy", "storeroom", "STORE", "HTTPServer", "Memory"}
	x := &similar.Index{}
	for _, name := range names {
		x.Add(name)
	}
	cases := map[string]struct {
		equal, sharing string
	}{
		"Store":       {"Store STORE", "MemoryStore Store UserMemoryStoreProxy STORE"},
		"MemoryStore": {"MemoryStore", "MemoryStore Store UserMemoryStoreProxy STORE Memory"},
		"StoreMemory": {"", "Store STORE Memory"},
		"memorystore": {"MemoryStore", ""},
		"Server":      {"", "HTTPServer"},
		"Room":        {"", ""},
		"":            {"", ""},
	}
	list := func(numbers []int) string {
		var found []string
		for _, n := range numbers {
			found = append(found, names[n])
		}
		return strings.Join(found, " ")
	}
	all := func(int) bool { return false }
	for name, c := range cases {
		if got := list(x.Equal(name)); got != c.equal {
			t.Errorf("equal to %q are %q, want %q", name, got, c.equal)
		}
		if got := list(x.SharingWords(name, 10, all)); got != c.sharing {
			t.Errorf("words are shared with %q by %q, want %q", name, got, c.sharing)
		}
	}
	notTheFirst := func(number int) bool { return number == 0 }
	if got := x.SharingWords("Store", 2, notTheFirst); !slices.Equal(got, []int{2, 3}) {
		t.Errorf("the first two but one are %v", got)
	}
	if got := (&similar.Index{}).SharingWords("Store", 2, all); got != nil {
		t.Errorf("an empty index has %v", got)
	}
}

func TestLongNamesHaveAFewSequencesOnly(t *testing.T) {
	x := &similar.Index{}
	long := strings.Repeat("Word", 10_000)
	x.Add(long)
	if got := x.Equal(long); len(got) != 1 {
		t.Errorf("found %v", got)
	}
}
