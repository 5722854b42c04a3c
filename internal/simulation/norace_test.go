// SPDX-License-Identifier: Apache-2.0

//go:build !race

package simulation

const defaultSeeds = 1000

const slowness = 1
