// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"maps"
	"sync"
)

// lane is the sequence of states of a circuit breaker.
type lane struct {
	Client  string      `json:"client"`
	Changes []laneState `json:"changes"` // the first is the initial state
}

type laneState struct {
	At    seconds `json:"at"`
	State string  `json:"state"`
}

const (
	maxLanes      = 200
	maxLaneStates = 300
)

// lanes keeps the lanes of the last minutes. It is safe for concurrent use.
type lanes struct {
	mu     sync.Mutex
	byName map[string]*lane
}

func newLanes() *lanes { return &lanes{byName: map[string]*lane{}} }

// add records a transition.
func (l *lanes) add(c breakerChange) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if known := l.byName[c.Name]; known == nil {
		l.put(c.Name, c.Client, laneState{c.At, c.From})
	}
	l.put(c.Name, c.Client, laneState{c.At, c.To})
}

// see records a state without a transition event: the state of a breaker
// without calls, or of an open circuit whose recovery timeout has passed.
func (l *lanes) see(name, client, state string, at seconds) {
	l.mu.Lock()
	defer l.mu.Unlock()
	known := l.byName[name]
	if known == nil || known.Changes[len(known.Changes)-1].State != state {
		l.put(name, client, laneState{at, state})
	}
}

func (l *lanes) put(name, client string, state laneState) {
	known := l.byName[name]
	if known == nil {
		if len(l.byName) == maxLanes {
			return
		}
		known = &lane{Client: client}
		l.byName[name] = known
	}
	known.Changes = append(known.Changes, state)
	if len(known.Changes) > maxLaneStates {
		known.Changes = known.Changes[1:]
	}
}

// forget removes states that ended before a time.
func (l *lanes) forget(before seconds) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, known := range l.byName {
		for len(known.Changes) > 1 && known.Changes[1].At < before {
			known.Changes = known.Changes[1:]
		}
	}
}

func (l *lanes) all() map[string]*lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := maps.Clone(l.byName)
	for name, known := range all {
		all[name] = &lane{known.Client, append([]laneState{}, known.Changes...)}
	}
	return all
}
