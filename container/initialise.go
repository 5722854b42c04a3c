// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pyfly-go/pyfly/container/internal/chain"
	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// live calls the constructor of an instance and takes what it returns through its
// life. It ends early when the instance is given up.
func (m *maker) live(i *instance) *Problem {
	if i.isEager && m.ctx.Err() != nil {
		m.reportOnce(m.run.cancelled(m.ctx))
		return notMade(i.node, "the start was cancelled")
	}
	args, problem := m.arguments(i)
	if problem == nil {
		problem = i.construct(args)
	}
	if problem == nil {
		problem = m.initialise(i)
	}
	i.took = m.run.elapsed() - i.begun
	if problem == nil {
		problem = m.startLate(i)
	}
	return problem
}

// construct runs the user's constructor.
func (i *instance) construct(args []reflect.Value) *Problem {
	if i.constructor.Kind() != reflect.Func {
		i.original = i.node.instance
		return nil
	}
	var out []reflect.Value
	err := usercode.Call(func() error {
		out = i.constructor.Call(args)
		if last := out[len(out)-1]; i.returns.err && !last.IsNil() {
			return last.Interface().(error)
		}
		return nil
	})
	switch {
	case err != nil && out == nil:
		return constructorPanicked(i.node, err)
	case err != nil:
		return constructorFailed(i.node, err)
	case isNil(out[0]):
		p := constructorFailed(i.node, errReturnedNil)
		p.Remedy = "return the bean, or an error that says why there is none"
		return p
	}
	i.original = out[0].Interface()
	if i.returns.cleanup && !out[1].IsNil() {
		i.cleanup = cleanupOf(out[1].Interface())
	}
	return nil
}

func cleanupOf(fn any) func() error {
	switch fn := fn.(type) {
	case func() error:
		return fn
	case func():
		return func() error { fn(); return nil }
	}
	return nil
}

// initialise takes an instance from its construction to the moment it can be
// injected: Aware, every BeforeInit, PostConstruct, every AfterInit.
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
		if creating != nil && i.node != creating && i.scope != prototype && !isShared {
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
	if aware, ok := i.object.(Aware); ok && !isShared {
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

type processorStep func(p lifecycle.BeanPostProcessor, bean any, name string) (any, error)

// pass hands the bean to each processor in turn; what one returns the next one
// gets.
func (m *maker) pass(i *instance, stepName string, step processorStep) *Problem {
	if len(i.seers) == 0 {
		return nil
	}
	at := m.run.elapsed()
	for _, p := range i.seers {
		if problem := i.givenUp(); problem != nil {
			return problem
		}
		i.processor, i.step = p.node, stepName
		before := reflect.TypeOf(i.object)
		if isMeant, err := p.isMeantFor(before); err != nil {
			return processorFailed(i, p.node, "Processes", err)
		} else if !isMeant {
			continue
		}
		i.isSeenBy(p)
		processed, err := runStep(p, i.object, i.name, step)
		if err != nil {
			return processorFailed(i, p.node, stepName, err)
		}
		if after := reflect.TypeOf(processed); after != before {
			if unmet := i.unmetBy(after); unmet != nil {
				return wrongReplacement(i, p.node, stepName, after, unmet)
			}
		}
		i.object = processed
		now := m.run.elapsed()
		i.noteProcessor(stepName, p.node.name, at, now)
		at = now
	}
	i.processor = nil
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
func (b *node) unmetBy(t reflect.Type) reflect.Type {
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

func processorFailed(b *instance, processor *node, step string, err error) *Problem {
	p := &Problem{
		Code: CodeProcessor, Bean: b.name, Err: err,
		What: fmt.Sprintf("%s of the post-processor %s refused the bean %s: %v", step, processor.name, b.name, err),
	}
	return p.detail("bean", b.describe()).detail("processor", processor.describe())
}

func wrongReplacement(b *instance, processor *node, step string, replacement, wanted reflect.Type) *Problem {
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
	bean     *instance
	neededBy *node
}

func (m *maker) noteEarly(i *instance, neededBy *node) {
	m.mu.Lock()
	m.early = append(m.early, earlyBean{i, neededBy})
	m.mu.Unlock()
}

// warnOfEarlyBeans names each bean that was created too early to be seen by a
// processor meant for it, and the chain that asked for it.
func (m *maker) warnOfEarlyBeans() {
	m.mu.Lock()
	early, processors := m.early, m.processors
	m.mu.Unlock()
	chains := map[*node]chain.Forest{}
	for _, e := range early {
		if e.bean.isProcessor {
			continue
		}
		var missed []string
		for _, p := range processors[len(e.bean.seers):] {
			if m.isMeantFor(p, reflect.TypeOf(e.bean.object)) {
				missed = append(missed, p.node.name)
			}
		}
		if len(missed) == 0 {
			continue
		}
		chain, known := chains[e.neededBy]
		if !known {
			chain = m.graph.chainsFrom(e.neededBy.position)
			chains[e.neededBy] = chain
		}
		m.run.app.guarded.Warn("a bean was created before post-processors that were meant to see it",
			"bean", e.bean.name, "missed", strings.Join(missed, ", "), "chain", m.graph.chain(chain, e.bean.node))
	}
}

// isMeantFor asks a processor outside of the making of a bean.
func (m *maker) isMeantFor(p activeProcessor, t reflect.Type) (isMeant bool) {
	if p.processes == nil {
		return true
	}
	answer := make(chan bool, 1)
	err := hook.Call(m.ctx, m.run.startLimit, func(context.Context) error { answer <- p.processes(t); return nil })
	return err == nil && <-answer
}
