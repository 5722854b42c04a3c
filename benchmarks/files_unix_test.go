// SPDX-License-Identifier: Apache-2.0

//go:build unix && !race

package benchmarks_test

import "syscall"

// openFiles is how many files may be open at a time.
func openFiles() uint64 {
	var limit syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit) != nil {
		return 0
	}
	return uint64(limit.Cur)
}
