// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"
	"slices"
	"sync/atomic"
	"unsafe"

	"github.com/pyfly-go/pyfly/lifecycle"
)

// life is what an object is doing. Instances that are the same object, under
// several names, share it: the object's hooks are called once, one after the other.
type life struct {
	initialised *instance // as which the object came into being
	singletons  int       // of the instances; guarded by maker.mu
	first       *instance // in the order of the start: the last that is stopped

	told      []activeProcessor // that are told of its destruction
	isStarted atomic.Bool       // several instances may find that it is
	isHanging atomic.Bool       // a hook did not return; no other is called
}

// identity tells objects apart: what is pointed to, or a map or channel.
type identity struct {
	typ     reflect.Type
	pointer unsafe.Pointer
}

// identityOf returns the identity of an object, if it has one. Pointers to what has
// no size have none: they may be equal although they point to two variables.
func identityOf(object any) (id identity, ok bool) {
	v := reflect.ValueOf(object)
	switch v.Kind() {
	case reflect.Pointer:
		ok = v.Type().Elem().Size() > 0
	case reflect.Map, reflect.Chan:
		ok = true
	}
	if !ok {
		return identity{}, false
	}
	return identity{v.Type(), v.UnsafePointer()}, true
}

// share gives an instance that has been constructed the life that its object has
// already, if it has one: that of another instance, or of a prototype that the
// constructor was given.
func (m *maker) share(i *instance) (isShared bool, problem *Problem) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.lifeOf(i)
	if l == nil {
		m.join(i, &i.own)
		m.identify(i, i.original)
		return false, nil
	}
	of := l.initialised
	if of.isGoing {
		_, problem = m.await(of, i) // without the lock
		m.mu.Lock()
	} else {
		problem = of.problem
	}
	if problem != nil { // and the object is destroyed as that bean
		i.isBorrowed = true
		return true, notMade(i.node, fmt.Sprintf("%s, which is the same object, has failed", of.name))
	}
	m.join(i, l)
	m.identify(i, i.original)
	i.object = of.object
	if i.unmetBy(reflect.TypeOf(of.object)) != nil {
		i.object = i.original
	}
	return true, nil
}

// shareReplacement gives an instance the life of the object that a processor has
// put in its place, if that is another bean.
func (m *maker) shareReplacement(i *instance) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id, ok := identityOf(i.object)
	if l := m.lives[id]; ok && l != nil && l != i.life && i.scope != ScopePrototype {
		i.isReplaced = true
		m.join(i, l)
	}
	m.identify(i, i.object)
}

// join lets an instance live a life. Prototypes belong to whoever gets them: the
// context forgets them. It is called with the lock held.
func (m *maker) join(i *instance, l *life) {
	i.life = l
	if l.initialised == nil {
		l.initialised = i
	}
	if i.scope != ScopePrototype {
		l.singletons++
	}
}

// leave ends the part of an instance in its life, and reports whether nobody else
// lives it.
func (m *maker) leave(i *instance) (isLast bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i.initialised != nil && i.scope != ScopePrototype {
		i.singletons--
	}
	if i.singletons > 0 || i.scope == ScopePrototype && i.life != &i.own {
		return false
	}
	for _, object := range []any{i.original, i.object} {
		if id, ok := identityOf(object); ok && m.lives[id] == i.life {
			delete(m.lives, id)
		}
	}
	return true
}

// identify lets an object of a singleton be known. It is called with the lock held.
func (m *maker) identify(i *instance, object any) {
	if id, ok := identityOf(object); ok && i.scope != ScopePrototype && m.lives[id] == nil {
		m.lives[id] = i.life
	}
}

// lifeOf returns the life that the object of an instance has already, or nil. It is
// called with the lock held.
func (m *maker) lifeOf(i *instance) *life {
	id, hasIdentity := identityOf(i.original)
	if l := m.lives[id]; hasIdentity && l != nil {
		return l
	}
	for _, given := range i.given {
		if given.is(i.original) {
			return given.life
		}
	}
	if hasIdentity {
		return nil
	}
	for _, needed := range i.needs {
		if s := m.slots[needed.position]; s.state == complete && s.instance.is(i.original) {
			return s.instance.life
		}
	}
	return nil
}

// is reports whether the instance is the given object.
func (i *instance) is(object any) bool {
	v := reflect.ValueOf(object)
	for _, own := range [...]any{i.object, i.original} {
		switch {
		case reflect.TypeOf(own) != v.Type():
		case v.Comparable():
			if own == object {
				return true
			}
		case v.Kind() == reflect.Map:
			if reflect.ValueOf(own).UnsafePointer() == v.UnsafePointer() {
				return true
			}
		}
	}
	return false
}

// isSeenBy notes that a processor is to be told of the destruction of the object.
func (i *instance) isSeenBy(p activeProcessor) {
	if _, ok := p.BeanPostProcessor.(lifecycle.DestructionAware); !ok {
		return
	}
	isTheSame := func(other activeProcessor) bool { return other.node == p.node }
	if !slices.ContainsFunc(i.told, isTheSame) {
		i.told = append(i.told, p)
	}
}

// isFirst reports whether the instance is the first that lives its life, so that
// the object is stopped and destroyed in its turn.
func (i *instance) isFirst() bool { return i.first == i }

// hookAt returns the object as the holder of a hook, or, where a replacement lacks
// the hook, the original, if it is its turn: an object that is several beans has
// one turn.
func hookAt[H any](i *instance, isTurn bool) (h H, ok bool) {
	if i.isInfrastructure || i.isBorrowed {
		return h, false
	}
	if h, ok = i.object.(H); ok {
		return h, isTurn
	}
	h, ok = i.original.(H)
	return h, ok && (isTurn || i.isReplaced)
}

func (i *instance) hasStart() bool {
	_, ok := hookAt[lifecycle.Starter](i, i.isFirst())
	return ok || len(i.onStart) > 0
}

func (i *instance) hasStop() bool {
	_, ok := hookAt[lifecycle.Stopper](i, i.isFirst())
	return ok || len(i.onStop) > 0
}

func (i *instance) hasDestruction() bool {
	if i.original == nil || i.isInfrastructure {
		return false
	}
	_, ok := hookAt[lifecycle.PreDestroyer](i, i.isFirst())
	return ok || i.isFirst() && len(i.told) > 0 || i.cleanup != nil
}
