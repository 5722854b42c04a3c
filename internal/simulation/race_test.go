// SPDX-License-Identifier: Apache-2.0

//go:build race

package simulation

// Under the race detector a world takes about seven times as long.
const (
	defaultSeeds = 200
	sameSeeds    = 3 // that are run 20 times
)

const slowness = 10
