// SPDX-License-Identifier: Apache-2.0

package beantypes_test

import (
	"reflect"
	"sync"
	"testing"

	"github.com/pyfly-go/pyfly/internal/beantypes"
)

func TestFindCallsItsFunctionOnceForEachKey(t *testing.T) {
	set := beantypes.New([]reflect.Type{reflect.TypeFor[int](), reflect.TypeFor[string]()})
	calls := 0
	count := func(types []reflect.Type) any { calls++; return len(types) }
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for _, key := range []string{"a", "b"} {
				if got := set.Find(key, count); got != 2 {
					t.Errorf("found %v", got)
				}
			}
		})
	}
	wg.Wait()
	if calls != 2 {
		t.Errorf("called %d times", calls)
	}
}
