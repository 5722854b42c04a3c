// SPDX-License-Identifier: Apache-2.0

package container

import (
	"slices"
	"sync/atomic"
	"time"
)

// making is how an instance comes into being. It is guarded by maker.mu.
type making struct {
	isGoing   bool
	isGivenUp atomic.Bool   // what comes of it does not count; set with the lock held
	ended     chan struct{} // closed when it ends; nil if nobody waits
	problem   *Problem      // how it ended
	asker     *instance     // for whom it is made; nil if for nobody in particular
	waitsFor  []*instance   // that are made or awaited for it
	given     []*instance   // the prototypes that were made for it
	place     int           // in maker.going
	stopwatch

	// Of the goroutine that makes it.
	step      string   // of the processor
	processor *node    // that is called; nil: the constructor is
	exit      *Problem // because of which the goroutine ends
}

// exited says that the goroutine that makes an instance has ended without having
// returned.
func (i *instance) exited() *Problem {
	switch {
	case i.exit != nil: // another bean that was made on this goroutine is the cause
	case i.processor != nil:
		i.exit = processorFailed(i, i.processor, i.step, errGoexit)
	default:
		i.exit = constructorFailed(i.node, errGoexit)
	}
	if i.asker != nil && i.isEager {
		i.asker.exit = i.exit
	}
	return i.exit
}

// stopwatch measures how long constructor and processors have worked on an
// instance. It stands still while other beans are made or awaited for it, and
// while a hook runs, which has a limit of its own.
type stopwatch struct {
	worked time.Duration // until since
	since  time.Duration // of the run
	pauses int           // that have not ended
}

func (s *stopwatch) pause(now time.Duration) {
	if s.pauses == 0 {
		s.worked += now - s.since
	}
	s.pauses++
}

func (s *stopwatch) resume(now time.Duration) {
	s.pauses--
	s.since = now
}

// at returns what the stopwatch shows.
func (s *stopwatch) at(now time.Duration) time.Duration {
	if s.pauses > 0 {
		return s.worked
	}
	return s.worked + now - s.since
}

// waitFor notes that i, if there is one, waits until other has been made.
func (i *instance) waitFor(other *instance, now time.Duration) {
	if i != nil {
		i.waitsFor = append(i.waitsFor, other)
		i.pause(now)
	}
}

func (i *instance) waitNoMore(other *instance, now time.Duration) {
	if i == nil {
		return
	}
	if at := slices.Index(i.waitsFor, other); at >= 0 {
		i.waitsFor = slices.Delete(i.waitsFor, at, at+1)
		i.resume(now)
	}
}

// wayTo returns the beans by which i waits for other, both included, or nil. No
// bean waits for itself, for none is let.
func (i *instance) wayTo(other *instance) []*instance {
	if other == nil {
		return nil
	}
	seen := map[*instance]bool{}
	var find func(*instance) []*instance
	find = func(i *instance) []*instance {
		if i == other {
			return []*instance{i}
		}
		if seen[i] {
			return nil
		}
		seen[i] = true
		for _, next := range i.waitsFor {
			if way := find(next); way != nil {
				return append(way, i)
			}
		}
		return nil
	}
	way := find(i)
	slices.Reverse(way)
	return way
}

// wayFrom returns the beans by which one of d that is being made has come to need
// i, or nil: making another would never end.
func (i *instance) wayFrom(d *definition) (way []*instance) {
	for ; i != nil && i.isGoing; i = i.asker {
		way = append(way, i)
		if i.definition == d {
			slices.Reverse(way)
			return way
		}
	}
	return nil
}
