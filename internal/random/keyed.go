// SPDX-License-Identifier: Apache-2.0

package random

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// Keyed returns the random numbers that belong to a key, for a seed. They do
// not depend on other draws or their order, so that a simulated world does not
// change when a part of it is omitted.
func Keyed(seed uint64, key ...any) *rand.Rand {
	h := fnv.New64a()
	for _, part := range key {
		_, _ = fmt.Fprintf(h, "%v\x00", part)
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
