// SPDX-License-Identifier: Apache-2.0

package container

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/lifecycle"
)

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
		What: fmt.Sprintf("%s of the post-processor %s rejected the bean %s: %v", step, processor.name, b.name, err),
	}
	if own, ok := usercode.As[*Problem](err); ok && own.Code == CodeDeclaration { // what it rejected is declared wrongly
		p.Code = CodeDeclaration
	}
	return p.detail("bean", b.describe()).detail("processor", processor.describe())
}

func wrongReplacement(b *instance, processor *node, step string, replacement, wanted reflect.Type) *Problem {
	p := &Problem{
		Code: CodeReplacement, Bean: b.name,
		What: fmt.Sprintf("%s of the post-processor %s replaced the bean %s with a %s, which is not a %s",
			step, processor.name, b.name, replacement, wanted),
		Remedy: "return something assignable to " + wanted.String() + "; for a proxy, let beans ask for an interface\n" +
			"and register the bean with container.As of that interface",
	}
	return p.detail("bean", b.describe()).detail("processor", processor.describe())
}
