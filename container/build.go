// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// builder makes the beans of one start. dig calls the constructors, each once
// and after those it needs; the builder wraps each constructor so that what dig
// stores, and hands to dependents, is the post-processed bean.
//
// A wrapper never returns an error to dig: dig would run the constructor again
// for every other dependent. It notes the problem and leaves the bean failed;
// wrappers of beans that need it do nothing. So every constructor that can be
// tried is tried, and all failures are reported.
type builder struct {
	ctx        context.Context
	app        *ApplicationContext
	graph      *graph
	limit      time.Duration // of one PostConstruct
	dig        *dig.Container
	processors []activeProcessor
	creating   *definition // the processor that is being created
	early      []earlyBean
	problems   []*Problem
}

type activeProcessor struct {
	definition *definition
	lifecycle.BeanPostProcessor
	processes func(reflect.Type) bool
}

// build makes every bean, processors first.
func (b *builder) build() []*Problem {
	b.dig = dig.New(dig.DeferAcyclicVerification())
	for _, d := range b.graph.definitions {
		if err := b.provide(d); err != nil {
			b.problems = append(b.problems, refusedByDig(d, err))
		}
	}
	if len(b.problems) > 0 {
		return b.problems
	}
	b.createProcessors()
	if len(b.problems) > 0 {
		return b.problems
	}
	for _, d := range b.graph.roots() {
		b.create(d)
	}
	return b.problems
}

func (b *builder) createProcessors() {
	for _, d := range b.graph.processors() {
		b.creating = d
		b.create(d)
		b.creating = nil
		if d.built.state != complete {
			continue
		}
		processor, ok := d.built.value.Interface().(lifecycle.BeanPostProcessor)
		if !ok {
			continue // replaced by something else
		}
		active := activeProcessor{d, processor, func(reflect.Type) bool { return true }}
		if selective, ok := processor.(lifecycle.SelectivePostProcessor); ok {
			active.processes = selective.Processes
		}
		b.processors = append(b.processors, active)
	}
	b.warnOfEarlyBeans()
}

// create lets dig make a bean that no other bean has caused to be made yet.
func (b *builder) create(d *definition) {
	if d.built.state != notBuilt {
		return
	}
	target := b.parametersFor([]*definition{d})
	invoke := reflect.MakeFunc(reflect.FuncOf(target.types, nil, false),
		func([]reflect.Value) []reflect.Value { return nil })
	if err := b.dig.Invoke(invoke.Interface()); err != nil {
		b.problems = append(b.problems, refusedByDig(d, err))
	}
}

// refusedByDig reports what our own checks should have found first.
func refusedByDig(d *definition, err error) *Problem {
	p := &Problem{
		Code: CodeRegistration, Bean: d.name, Err: err,
		What: fmt.Sprintf("%s cannot be wired: %v", d.describe(), dig.RootCause(err)),
	}
	return p.detail("registered", d.at.String())
}

// provide hands dig a constructor of the same needs and result, which makes the
// bean with all that belongs to its life.
func (b *builder) provide(d *definition) error {
	needs := b.parametersFor(d.needs)
	construct := reflect.MakeFunc(reflect.FuncOf(needs.types, []reflect.Type{d.typ}, false),
		func(args []reflect.Value) []reflect.Value {
			b.construct(d, func(needed *definition) reflect.Value { return needs.value(args, needed) })
			if d.built.state != complete {
				return []reflect.Value{reflect.Zero(d.typ)}
			}
			return []reflect.Value{d.built.value}
		})
	opts := []dig.ProvideOption{dig.LocationForPC(d.constructor.Pointer())}
	if name := b.digName(d); name != "" {
		opts = append(opts, dig.Name(name))
	}
	return b.dig.Provide(construct.Interface(), opts...)
}

// digName tells beans of one type apart in dig; the only bean of its type needs
// no name there.
func (b *builder) digName(d *definition) string {
	for _, other := range b.graph.byType[d.typ] {
		if other != d && other.typ == d.typ {
			return d.name
		}
	}
	return ""
}

// digParameters is how a list of beans is asked for in dig's terms: a parameter
// for each bean that is the only one of its type, and one dig.In struct for all
// those that need a name.
type digParameters struct {
	types []reflect.Type
	place map[*definition]digPlace
}

type digPlace struct{ parameter, field int } // field < 0: the parameter itself

func (b *builder) parametersFor(needs []*definition) digParameters {
	p := digParameters{place: make(map[*definition]digPlace, len(needs))}
	fields := []reflect.StructField{{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true}}
	var named []*definition
	for _, d := range needs {
		name := b.digName(d)
		if name == "" {
			p.place[d] = digPlace{len(p.types), -1}
			p.types = append(p.types, d.typ)
			continue
		}
		named = append(named, d)
		fields = append(fields, reflect.StructField{
			Name: fmt.Sprintf("Bean%d", len(named)), Type: d.typ,
			Tag: reflect.StructTag(fmt.Sprintf("name:%q", name)),
		})
	}
	if len(named) == 0 {
		return p
	}
	for i, d := range named {
		p.place[d] = digPlace{len(p.types), i + 1}
	}
	p.types = append(p.types, reflect.StructOf(fields))
	return p
}

// value picks a bean from the arguments dig gave. What is inside an interface
// is taken out, so that it can be assigned to whatever type asked for it.
func (p digParameters) value(args []reflect.Value, d *definition) reflect.Value {
	place := p.place[d]
	v := args[place.parameter]
	if place.field >= 0 {
		v = v.Field(place.field)
	}
	if v.Kind() == reflect.Interface {
		return v.Elem()
	}
	return v
}

// construct takes a bean through its life up to the moment it can be injected.
func (b *builder) construct(d *definition, value func(*definition) reflect.Value) {
	d.built.state = failed
	for _, needed := range d.needs {
		if needed.built.state != complete {
			return
		}
	}
	if err := b.ctx.Err(); err != nil {
		b.cancelled(err)
		return
	}
	begun := time.Now()
	args := make([]reflect.Value, len(d.injections))
	for i, in := range d.injections {
		args[i] = in.value(value)
	}
	original, problem := d.call(args)
	if problem == nil {
		d.built.original = original
		bean := original
		if !d.isInfrastructure {
			bean, problem = b.initialise(d, original)
		}
		if problem == nil {
			d.built.value = reflect.ValueOf(bean)
			d.built.state = complete
		}
	}
	d.built.took = time.Since(begun)
	if problem != nil {
		b.problems = append(b.problems, problem)
	}
}

// cancelled notes, once, that the start was given up.
func (b *builder) cancelled(err error) {
	for _, p := range b.problems {
		if p.Code == CodeCancelled {
			return
		}
	}
	b.problems = append(b.problems, cancelledProblem(err))
}

func cancelledProblem(err error) *Problem {
	return &Problem{Code: CodeCancelled, What: "the start was cancelled: " + err.Error(), Err: err}
}

// call runs the user's constructor.
func (d *definition) call(args []reflect.Value) (bean any, problem *Problem) {
	defer func() {
		if r := recover(); r != nil {
			problem = constructorPanicked(d, kernel.NewPanicError(r))
		}
	}()
	results := d.constructor.Call(args)
	if d.returnsErr && !results[1].IsNil() {
		return nil, constructorFailed(d, results[1].Interface().(error))
	}
	if isNil(results[0]) {
		return nil, constructorFailed(d, errReturnedNil)
	}
	return results[0].Interface(), nil
}

var errReturnedNil = errors.New("it returned nil and no error")

func constructorFailed(d *definition, err error) *Problem {
	p := &Problem{
		Code: CodeConstructor, Bean: d.name, Err: err,
		What: fmt.Sprintf("the constructor of %s failed: %v", d.name, err),
	}
	return p.detail("constructor", d.label()).detail("registered", d.at.String())
}

func constructorPanicked(d *definition, err *kernel.PanicError) *Problem {
	p := &Problem{
		Code: CodePanic, Bean: d.name, Err: err,
		What:   fmt.Sprintf("the constructor of %s panicked: %v", d.name, err.Value),
		Remedy: "return an error instead: func(...) (T, error)",
	}
	return p.detail("constructor", d.label()).detail("registered", d.at.String()).detail("at", framesText(err))
}

func framesText(err *kernel.PanicError) string {
	text := ""
	for i, frame := range err.Frames {
		if i == 5 {
			break
		}
		if i > 0 {
			text += "\n"
		}
		text += frame
	}
	return text
}
