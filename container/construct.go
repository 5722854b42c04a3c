// SPDX-License-Identifier: Apache-2.0

package container

import (
	"reflect"

	"github.com/pyfly-go/pyfly/internal/usercode"
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
		p.Remedy = "return the bean or an error"
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
