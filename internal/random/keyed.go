// SPDX-License-Identifier: Apache-2.0

package random

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
)

// Keyed returns the numbers of one thing in a random world: of what key names,
// for a seed. They do not depend on what else is drawn, or when, so that a world
// stays the same when a part of it is left out.
func Keyed(seed uint64, key ...any) *rand.Rand {
	h := fnv.New64a()
	for _, part := range key {
		_, _ = fmt.Fprintf(h, "%v\x00", part)
	}
	return rand.New(rand.NewPCG(seed, h.Sum64()))
}
