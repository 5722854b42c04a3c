// SPDX-License-Identifier: Apache-2.0

package client

import (
	"encoding"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/argument"
	"github.com/pyfly-go/pyfly/client/internal/typemodel"
)

// TestTheRuleOfTextsIsThatOfCalls compares what a declaration may have with what a
// call can write.
func TestTheRuleOfTextsIsThatOfCalls(t *testing.T) {
	type pairs map[string]*int
	for _, typ := range []reflect.Type{
		reflect.TypeFor[string](), reflect.TypeFor[int8](), reflect.TypeFor[uintptr](), reflect.TypeFor[float32](), reflect.TypeFor[complex64](),
		reflect.TypeFor[bool](), reflect.TypeFor[time.Time](), reflect.TypeFor[*time.Time](), reflect.TypeFor[**time.Duration](),
		reflect.TypeFor[netip.Addr](), reflect.TypeFor[fmt.Stringer](), reflect.TypeFor[encoding.TextMarshaler](), reflect.TypeFor[any](),
		reflect.TypeFor[[]byte](), reflect.TypeFor[[3]byte](), reflect.TypeFor[[]string](), reflect.TypeFor[[][]string](), reflect.TypeFor[[]*[]int](),
		reflect.TypeFor[[]netip.Addr](), reflect.TypeFor[map[string]int](), reflect.TypeFor[map[int]int](), reflect.TypeFor[map[string][]int](),
		reflect.TypeFor[pairs](), reflect.TypeFor[*pairs](), reflect.TypeFor[struct{}](), reflect.TypeFor[func()](), reflect.TypeFor[chan int](),
	} {
		if got, want := typemodel.New(nil, bodyTypeOf).Of(typ).HasText(), argument.FormatterOf(typ) != nil; got != want {
			t.Errorf("%s: a declaration may have it: %v; a call can write it: %v", typ, got, want)
		}
	}
}
