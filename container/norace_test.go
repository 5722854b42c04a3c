// SPDX-License-Identifier: Apache-2.0

//go:build !race

package container_test

// isRace says whether the race detector is on, with which everything takes longer.
const isRace = false
