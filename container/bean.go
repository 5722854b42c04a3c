// SPDX-License-Identifier: Apache-2.0

package container

import (
	"reflect"
	"time"
)

// bean is what one start of the context makes of a definition.
type bean struct {
	*definition

	// Worked out by the graph.
	injections []injection // what each parameter of the constructor gets
	needs      []*bean     // what must be built and started before; each once
	wants      []*bean     // what it may get through a Provider
	demands    []reflect.Type
	position   int  // in the order in which beans are started
	isEager    bool // dig builds it, during the start
	isEarly    bool // a processor, or needed by one
	visit      visit
	seenBy     *bean // the last that counted it among its needs

	// Guarded by builder.mu while the state is unbuilt or inCreation.
	state         buildState
	ended         chan struct{}     // closed when the creation under way ends; nil if nobody waits
	waitsFor      []*bean           // while it is created
	asker         *bean             // of one of a prototype: for whom it was made
	value         reflect.Value     // what dependents get
	object        any               // the same
	original      any               // what the constructor returned
	cleanup       func() error      // what the constructor returned beside it
	seers         []activeProcessor // the processors that have seen it
	begun         time.Duration     // since the start of the run
	constructed   time.Duration     // how long the constructor took
	took          time.Duration     // from the call of the constructor until it could be injected
	steps         []stepTiming
	startPhase    int
	hasPhase      bool // the option or the bean itself gives startPhase
	isStarted     bool
	hasRunOnStart bool // without a problem
	isHanging     bool // a hook did not return; no other is called
}

type buildState int32

const (
	unbuilt buildState = iota
	inCreation
	complete
	failed // or not tried because something it needs failed
)

// isInline reports whether dig knows nothing of the bean: it is the
// context's own, or is made for each that needs it, or is a struct of which only the fields are
// beans.
func (b *bean) isInline() bool {
	return b.scope == prototype || b.isOut() || b.isOffered
}

// eachNeed calls fn with each bean that must be complete before this one's
// constructor is called, those that inline ones need included.
func (b *bean) eachNeed(fn func(*bean)) {
	for _, n := range b.needs {
		fn(n)
		if n.isInline() {
			n.eachNeed(fn)
		}
	}
}

// hook returns the bean as the holder of a hook, or, where a replacement lacks
// the hook, the original that the constructor returned.
func hook[H any](b *bean) (H, bool) {
	if h, ok := b.object.(H); ok {
		return h, true
	}
	h, ok := b.original.(H)
	return h, ok
}
