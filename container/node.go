// SPDX-License-Identifier: Apache-2.0

package container

import "reflect"

// node is what the graph knows of one bean: its definition, and what its
// constructor gets. It does not change once the graph has been made.
type node struct {
	*definition

	injections []injection // what each parameter of the constructor gets
	needs      []*node     // what must be built and started before; each once
	wants      []*node     // what it may get through a Provider
	demands    []reflect.Type
	position   int   // in the order in which beans are started
	isEager    bool  // dig builds it, during the start
	isEarly    bool  // a processor, or needed by one
	seenBy     *node // the last that counted it among its needs
}

// isInline reports whether dig knows nothing of the bean: it is the context's
// own, or is made for each that needs it, or is a struct of which only the fields
// are beans.
func (n *node) isInline() bool {
	return n.scope == ScopePrototype || n.isOut() || n.isOffered
}

// eachNeed calls fn with each bean that must be complete before this one's
// constructor is called, those that inline ones need included.
func (n *node) eachNeed(fn func(*node)) {
	for _, needed := range n.needs {
		if needed.isInline() && len(needed.needs) > 0 {
			n.eachNeedOnce(fn, map[*node]bool{})
			return
		}
	}
	for _, needed := range n.needs {
		fn(needed)
	}
}

// eachNeedOnce leaves out inline beans that have been seen.
func (n *node) eachNeedOnce(fn func(*node), seen map[*node]bool) {
	for _, needed := range n.needs {
		if !needed.isInline() {
			fn(needed)
			continue
		}
		if !seen[needed] {
			seen[needed] = true
			fn(needed)
			needed.eachNeedOnce(fn, seen)
		}
	}
}

// eachPredecessor calls fn with what must be started before the bean and stopped
// after it: what it needs, and what it may get through a Provider if that comes
// before it in the order.
func (n *node) eachPredecessor(fn func(*node)) {
	n.eachNeed(fn)
	for _, wanted := range n.wants {
		if wanted.position < n.position && wanted.scope != ScopePrototype {
			fn(wanted)
		}
	}
}
