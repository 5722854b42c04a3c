// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"
)

// draws are the random numbers of one entity.
type draws struct{ *rand.Rand }

// draw returns the numbers of the entity that parts name, whatever else is drawn.
func (w *World) draw(parts ...any) draws {
	h := fnv.New64a()
	for _, part := range parts {
		_, _ = fmt.Fprintf(h, "%v\x00", part)
	}
	return draws{rand.New(rand.NewPCG(uint64(w.Seed), h.Sum64()))}
}

// offset is below a millisecond and odd enough to be nobody else's.
func (d draws) offset() time.Duration { return time.Duration(1 + d.IntN(999_983)) }

// between is a duration of whole milliseconds in [from, to], with an offset.
func (d draws) between(from, to time.Duration) time.Duration {
	ms := d.Int64N(int64((to-from)/time.Millisecond) + 1)
	return from + time.Duration(ms)*time.Millisecond + d.offset()
}

// oneIn is true once in n.
func (d draws) oneIn(n int) bool { return d.IntN(n) == 0 }

func pick[T any](d draws, from ...T) T { return from[d.IntN(len(from))] }

// source is the randomness that the product draws in one call.
type source struct {
	mu    sync.Mutex
	draws draws
	call  string
	texts int
}

// Int64N implements random.Source.
func (s *source) Int64N(n int64) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.draws.Int64N(n)
}

// Text implements random.Source.
func (s *source) Text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts++
	return fmt.Sprintf("key-%s-%d", s.call, s.texts)
}
