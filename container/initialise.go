// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// initialise takes a bean from its construction to the moment it can be
// injected: Aware, every BeforeInit, PostConstruct, every AfterInit.
func (m *maker) initialise(b *bean) *Problem {
	m.mu.Lock()
	b.seers = m.processors
	creating := m.creating
	m.mu.Unlock()
	b.object = b.original
	if !b.isInfrastructure {
		if problem := m.process(b); problem != nil {
			return problem
		}
		if creating != nil && b != creating && b.scope != prototype {
			m.noteEarly(b, creating)
		}
	}
	b.value = reflect.ValueOf(b.object)
	return nil
}

func (m *maker) process(b *bean) *Problem {
	b.constructed = m.run.elapsed() - b.begun
	if aware, ok := b.object.(Aware); ok {
		if err := usercode.Call(func() error { aware.SetApplicationContext(m.run.app); return nil }); err != nil {
			return constructorFailed(b, fmt.Errorf("SetApplicationContext: %w", err))
		}
	}
	for _, customize := range b.customizers {
		if err := usercode.Call(func() error { return customize(context.Background(), b.object) }); err != nil {
			return constructorFailed(b, err)
		}
	}
	if problem := m.pass(b, "BeforeInit", lifecycle.BeanPostProcessor.BeforeInit); problem != nil {
		return problem
	}
	if initialiser, ok := b.object.(lifecycle.PostConstructor); ok {
		if problem := m.postConstruct(b, initialiser); problem != nil {
			return problem
		}
	}
	return m.pass(b, "AfterInit", lifecycle.BeanPostProcessor.AfterInit)
}

func (m *maker) postConstruct(b *bean, initialiser lifecycle.PostConstructor) *Problem {
	if b.isEager {
		m.watch(nil)
		defer m.watch(b)
	}
	return m.run.callHook(m.context(b), b, "PostConstruct", m.run.startLimit, initialiser.PostConstruct)
}

// context is that of the start, or, for what is made later, of the application.
func (m *maker) context(b *bean) context.Context {
	if b.isEager {
		return m.ctx
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.isStarted {
		return m.run.life
	}
	return m.ctx
}

type processorStep func(p lifecycle.BeanPostProcessor, bean any, name string) (any, error)

// pass hands the bean to each processor in turn; what one returns the next one
// gets.
func (m *maker) pass(b *bean, stepName string, step processorStep) *Problem {
	if len(b.seers) == 0 {
		return nil
	}
	at := m.run.elapsed()
	for _, p := range b.seers {
		before := reflect.TypeOf(b.object)
		if isMeant, err := p.isMeantFor(before); err != nil {
			return processorFailed(b, p.bean, "Processes", err)
		} else if !isMeant {
			continue
		}
		processed, err := runStep(p, b.object, b.name, step)
		if err != nil {
			return processorFailed(b, p.bean, stepName, err)
		}
		if after := reflect.TypeOf(processed); after != before {
			if unmet := b.unmetBy(after); unmet != nil {
				return wrongReplacement(b, p.bean, stepName, after, unmet)
			}
		}
		b.object = processed
		now := m.run.elapsed()
		b.noteProcessor(stepName, p.bean.name, at, now)
		at = now
	}
	return nil
}

func runStep(p activeProcessor, bean any, name string, step processorStep) (processed any, err error) {
	err = usercode.Call(func() error {
		processed, err = step(p.BeanPostProcessor, bean, name)
		return err
	})
	if err == nil && (processed == nil || isNil(reflect.ValueOf(processed))) {
		err = errors.New("it returned nil: it must return the bean or a replacement")
	}
	return processed, err
}

// unmetBy returns the first type that the bean is registered or asked for as
// and that t cannot stand for, or nil.
func (b *bean) unmetBy(t reflect.Type) reflect.Type {
	if !t.AssignableTo(b.typ) {
		return b.typ
	}
	for _, wanted := range b.as {
		if !t.AssignableTo(wanted) {
			return wanted
		}
	}
	for _, wanted := range b.demands {
		if !t.AssignableTo(wanted) {
			return wanted
		}
	}
	return nil
}

func processorFailed(b, processor *bean, step string, err error) *Problem {
	p := &Problem{
		Code: CodeProcessor, Bean: b.name, Err: err,
		What: fmt.Sprintf("%s of the post-processor %s refused the bean %s: %v", step, processor.name, b.name, err),
	}
	return p.detail("bean", b.describe()).detail("processor", processor.describe())
}

func wrongReplacement(b, processor *bean, step string, replacement, wanted reflect.Type) *Problem {
	p := &Problem{
		Code: CodeReplacement, Bean: b.name,
		What: fmt.Sprintf("%s of the post-processor %s replaced the bean %s by a %s, which is no %s",
			step, processor.name, b.name, replacement, wanted),
		Remedy: "return something assignable to " + wanted.String() + "; for a proxy, let beans ask for an interface\n" +
			"and register the bean with container.As of that interface",
	}
	return p.detail("bean", b.describe()).detail("processor", processor.describe())
}

// earlyBean was created because a processor needed it: it has missed that
// processor and those after it.
type earlyBean struct {
	bean, neededBy *bean
}

func (m *maker) noteEarly(b, neededBy *bean) {
	m.mu.Lock()
	m.early = append(m.early, earlyBean{b, neededBy})
	m.mu.Unlock()
}

// warnOfEarlyBeans names each bean that was created too early to be seen by a
// processor meant for it, and the chain that asked for it.
func (m *maker) warnOfEarlyBeans() {
	m.mu.Lock()
	early, processors := m.early, m.processors
	m.mu.Unlock()
	for _, e := range early {
		if e.bean.isProcessor {
			continue
		}
		var missed []string
		for _, p := range processors[len(e.bean.seers):] {
			if isMeant, _ := p.isMeantFor(reflect.TypeOf(e.bean.object)); isMeant {
				missed = append(missed, p.bean.name)
			}
		}
		if len(missed) > 0 {
			m.run.app.logger.Warn("a bean was created before post-processors that were meant to see it",
				"bean", e.bean.name, "missed", strings.Join(missed, ", "), "chain", chain(e.neededBy, e.bean))
		}
	}
}

// chain is the way by which one bean needs another: "a -> b -> c".
func chain(from, to *bean) string {
	var find func(*bean) []string
	find = func(b *bean) []string {
		if b == to {
			return []string{b.name}
		}
		for _, needed := range b.needs {
			if rest := find(needed); rest != nil {
				return append([]string{b.name}, rest...)
			}
		}
		return nil
	}
	return strings.Join(find(from), " -> ")
}
