// SPDX-License-Identifier: Apache-2.0

//go:build !unix && !race

package benchmarks_test

// openFiles is how many files may be open at a time; here there is no telling.
func openFiles() uint64 { return 0 }
