// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/internal/random"
)

// draws are the random numbers of one entity.
type draws struct {
	*rand.Rand
	collide bool // round durations, so that things happen at one instant
}

// draw returns the numbers of the entity that parts name, whatever else is drawn.
func (w *World) draw(parts ...any) draws {
	return draws{random.Keyed(w.Seed, parts...), w.options.Collide}
}

// offset is below a millisecond and odd enough to be nobody else's.
func (d draws) offset() time.Duration {
	offset := time.Duration(1 + d.IntN(999_983))
	if d.collide {
		return 0
	}
	return offset
}

// between is a duration of whole milliseconds in [from, to], with an offset.
func (d draws) between(from, to time.Duration) time.Duration {
	ms := d.Int64N(int64((to-from)/time.Millisecond) + 1)
	sum := from + time.Duration(ms)*time.Millisecond + d.offset()
	if d.collide {
		const grid = 20 * time.Millisecond
		return max(sum.Round(grid), from)
	}
	return sum
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
