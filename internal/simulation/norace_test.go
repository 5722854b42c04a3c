// SPDX-License-Identifier: Apache-2.0

//go:build !race

package simulation

const (
	defaultSeeds = 1000
	sameSeeds    = 12 // that are run 20 times
)

const slowness = 1
