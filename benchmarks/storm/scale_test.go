// SPDX-License-Identifier: Apache-2.0

//go:build !race

package storm

const clients = 1000
