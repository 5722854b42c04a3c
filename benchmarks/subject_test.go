// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import "testing"

// subject is one of the things that a benchmark compares. Its call is safe for
// concurrent use.
type subject struct {
	name  string
	call  func() error
	fails bool // what is measured is a call that fails
}

// compare measures subjects one after another, calling them one at a time.
func compare(b *testing.B, subjects []subject) {
	for _, s := range subjects {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.call(); (err != nil) != s.fails {
					b.Fatal(err)
				}
			}
		})
	}
}

// compareParallel calls each subject on all processors at once.
func compareParallel(b *testing.B, subjects []subject) {
	for _, s := range subjects {
		b.Run(s.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := s.call(); (err != nil) != s.fails {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// both compares serially and in parallel.
func both(b *testing.B, subjects []subject) {
	b.Run("serial", func(b *testing.B) { compare(b, subjects) })
	b.Run("parallel", func(b *testing.B) { compareParallel(b, subjects) })
}
