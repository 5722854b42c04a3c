// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"fmt"
	"reflect"

	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// initialise takes an instance from its construction to the moment it can be
// injected: SetApplicationContext, every BeforeInit, PostConstruct, every AfterInit.
func (m *maker) initialise(i *instance) *Problem {
	m.mu.Lock()
	i.seers = m.processors
	creating := m.creating
	m.mu.Unlock()
	i.object = i.original
	if !i.isInfrastructure {
		isShared, problem := m.become(i)
		if problem != nil {
			return problem
		}
		if creating != nil && i.node != creating && i.scope != ScopePrototype && !isShared {
			m.noteEarly(i, creating)
		}
	}
	i.value = reflect.ValueOf(i.object)
	return i.readPhase()
}

// become makes an instance what dependents get: the object that it shares with
// another instance, or its own after all processors.
func (m *maker) become(i *instance) (isShared bool, problem *Problem) {
	i.constructed = m.run.elapsed() - i.begun
	if isShared, problem = m.share(i); problem != nil {
		return isShared, problem
	}
	if problem = m.prepare(i, isShared); problem != nil || isShared {
		return isShared, problem
	}
	if problem = m.process(i); problem == nil {
		m.shareReplacement(i)
	}
	return false, problem
}

// prepare tells an instance its context and customises it.
func (m *maker) prepare(i *instance, isShared bool) *Problem {
	if problem := i.givenUp(); problem != nil {
		return problem
	}
	if aware, ok := i.object.(ContextAware); ok && !isShared {
		if err := usercode.Call(func() error { aware.SetApplicationContext(m.run.app); return nil }); err != nil {
			return constructorFailed(i.node, fmt.Errorf("SetApplicationContext: %w", err))
		}
	}
	for _, customize := range i.customizers {
		if err := usercode.Call(func() error { return customize(context.Background(), i.original) }); err != nil {
			return constructorFailed(i.node, err)
		}
	}
	return nil
}

// process takes an object through every BeforeInit, PostConstruct and every
// AfterInit.
func (m *maker) process(i *instance) *Problem {
	if problem := m.pass(i, "BeforeInit", lifecycle.BeanPostProcessor.BeforeInit); problem != nil {
		return problem
	}
	if problem := i.givenUp(); problem != nil {
		return problem
	}
	if initialiser, ok := i.object.(lifecycle.PostConstructor); ok {
		problem := m.unwatched(i, func() *Problem {
			return m.run.callHook(m.context(i), i, "PostConstruct", m.run.startLimit, initialiser.PostConstruct)
		})
		if problem != nil {
			return problem
		}
	}
	return m.pass(i, "AfterInit", lifecycle.BeanPostProcessor.AfterInit)
}

// givenUp returns a problem if the instance has been given up, so that nothing more
// is done with it.
func (i *instance) givenUp() *Problem {
	if !i.isGivenUp.Load() {
		return nil
	}
	return notMade(i.node, "it was given up")
}

// context is that of the start, or, for what is made later, of the application.
func (m *maker) context(i *instance) context.Context {
	if i.isEager {
		return m.ctx
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.isStarted {
		return m.run.life
	}
	return m.ctx
}
