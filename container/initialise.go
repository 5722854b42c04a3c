// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/pyfly-go/pyfly/lifecycle"
)

// initialise takes a bean from its construction to the moment it can be
// injected: Aware, every BeforeInit, PostConstruct, every AfterInit.
func (b *builder) initialise(d *definition, bean any) (any, *Problem) {
	if aware, ok := bean.(Aware); ok {
		if err := protect(func() error { aware.SetApplicationContext(b.app); return nil }); err != nil {
			return nil, constructorFailed(d, fmt.Errorf("SetApplicationContext: %w", err))
		}
	}
	bean, problem := b.process(d, bean, "BeforeInit", lifecycle.BeanPostProcessor.BeforeInit)
	if problem != nil {
		return nil, problem
	}
	if initialiser, ok := bean.(lifecycle.PostConstructor); ok {
		if problem := callHook(b.ctx, d, "PostConstruct", b.limit, initialiser.PostConstruct); problem != nil {
			return nil, problem
		}
	}
	bean, problem = b.process(d, bean, "AfterInit", lifecycle.BeanPostProcessor.AfterInit)
	if problem != nil {
		return nil, problem
	}
	if b.creating != nil && d != b.creating {
		b.early = append(b.early, earlyBean{d, b.creating, len(b.processors)})
	}
	return bean, nil
}

type processorStep func(p lifecycle.BeanPostProcessor, bean any, name string) (any, error)

// process hands the bean to each processor in turn; what one returns the next
// one gets.
func (b *builder) process(d *definition, bean any, stepName string, step processorStep) (any, *Problem) {
	for _, p := range b.processors {
		before := reflect.TypeOf(bean)
		if !p.processes(before) {
			continue
		}
		processed, err := runStep(p, bean, d.name, step)
		if err == nil && (processed == nil || isNil(reflect.ValueOf(processed))) {
			err = fmt.Errorf("it returned nil: it must return the bean or a replacement")
		}
		if err != nil {
			return nil, processorFailed(d, p.definition, stepName, err)
		}
		if after := reflect.TypeOf(processed); after != before {
			if unmet := d.unmetBy(after); unmet != nil {
				return nil, wrongReplacement(d, p.definition, stepName, after, unmet)
			}
		}
		bean = processed
	}
	return bean, nil
}

func runStep(p activeProcessor, bean any, name string, step processorStep) (processed any, err error) {
	err = protect(func() error {
		processed, err = step(p.BeanPostProcessor, bean, name)
		return err
	})
	return processed, err
}

// unmetBy returns the first type that the bean is registered or asked for as
// and that t cannot stand for, or nil.
func (d *definition) unmetBy(t reflect.Type) reflect.Type {
	for _, wanted := range append([]reflect.Type{d.typ}, append(d.as, d.demands...)...) {
		if !t.AssignableTo(wanted) {
			return wanted
		}
	}
	return nil
}

func processorFailed(d, processor *definition, step string, err error) *Problem {
	p := &Problem{
		Code: CodeProcessor, Bean: d.name, Err: err,
		What: fmt.Sprintf("%s of the post-processor %s refused the bean %s: %v", step, processor.name, d.name, err),
	}
	return p.detail("bean", d.describe()).detail("processor", processor.describe())
}

func wrongReplacement(d, processor *definition, step string, replacement, wanted reflect.Type) *Problem {
	p := &Problem{
		Code: CodeReplacement, Bean: d.name,
		What: fmt.Sprintf("%s of the post-processor %s replaced the bean %s by a %s, which is no %s",
			step, processor.name, d.name, replacement, wanted),
		Remedy: "return something assignable to " + wanted.String() + "; for a proxy, let beans ask for an interface\n" +
			"and register the bean with container.As of that interface",
	}
	return p.detail("bean", d.describe()).detail("processor", processor.describe())
}

// earlyBean was created because a processor needed it: it has missed the
// processors from the given one on.
type earlyBean struct {
	bean, neededBy *definition
	processedBy    int // how many processors saw it
}

// warnOfEarlyBeans names each bean that was created too early to be seen by a
// processor meant for it, and the chain that asked for it.
func (b *builder) warnOfEarlyBeans() {
	for _, e := range b.early {
		if e.bean.isInfrastructure || e.bean.isProcessor {
			continue
		}
		var missed []string
		for _, p := range b.processors[min(e.processedBy, len(b.processors)):] {
			if p.processes(e.bean.built.value.Type()) {
				missed = append(missed, p.definition.name)
			}
		}
		if len(missed) > 0 {
			b.app.logger.Warn("a bean was created before post-processors that were meant to see it",
				"bean", e.bean.name, "missed", strings.Join(missed, ", "), "chain", chain(e.neededBy, e.bean))
		}
	}
}

// chain is the way by which one bean needs another: "a -> b -> c".
func chain(from, to *definition) string {
	var find func(*definition) []string
	find = func(d *definition) []string {
		if d == to {
			return []string{d.name}
		}
		for _, needed := range d.needs {
			if rest := find(needed); rest != nil {
				return append([]string{d.name}, rest...)
			}
		}
		return nil
	}
	return strings.Join(find(from), " -> ")
}
