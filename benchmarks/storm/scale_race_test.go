// SPDX-License-Identifier: Apache-2.0

//go:build race

package storm

// clients are fewer with the race detector, which makes each of them dear.
const clients = 100
