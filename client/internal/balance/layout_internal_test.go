// SPDX-License-Identifier: Apache-2.0

package balance

import (
	"testing"
	"unsafe"
)

// Members of 192 bytes are aligned to cache lines, by the size classes of the
// allocator; what requests write is in the first line.
func TestRequestsWriteOneCacheLine(t *testing.T) {
	if size := unsafe.Sizeof(member{}); size != 192 {
		t.Errorf("a member has %d bytes", size)
	}
	if offset := unsafe.Offsetof(member{}.address); offset != 64 {
		t.Errorf("what is not written by requests begins at %d", offset)
	}
}
