// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"fmt"
	"go.uber.org/dig"
	"reflect"

	"github.com/pyfly-go/pyfly/internal/naming"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// definition is what the user said about one bean. It does not change after the
// registration; what a start makes of it is a [bean].
type definition struct {
	name        string
	isNamed     bool           // the user chose the name
	nameOf      reflect.Type   // of which it is the name by default, or nil
	isAnonymous bool           // nobody asks for it by name
	typ         reflect.Type   // what the bean is registered as
	made        reflect.Type   // what the constructor's signature returns
	as          []reflect.Type // the interfaces of As, typ being the first
	constructor reflect.Value  // the zero Value for an instance
	returns     results
	instance    any // of RegisterInstance

	scope       Scope
	primary     bool
	order       int
	givenPhase  *int // by the option Phase
	stereotype  string
	prefix      string // of the settings that [Properties] binds
	groups      []string
	isFlattened bool // a slice whose elements are the members of the groups
	dependsOn   []string
	conditions  []condition
	customizers []hookFunc
	attached    []any // by the option Attach
	onStart     []hookFunc
	onStop      []hookFunc

	isProcessor bool
	// isInfrastructure marks what is there for the sake of other beans: it is
	// not listed, not found by interface, and gives way to a bean of the user's.
	isInfrastructure bool
	source           *definition // makes the struct of which this bean is a field
	index            int         // place in the order of registration
	isOffered        bool        // by the context itself
	callers          callers
	module           *moduleScope
	problems         []*Problem // what is wrong with the registration itself
}

// results says what a constructor returns beside the bean.
type results struct {
	err     bool // as the last
	cleanup bool // as the second: func() or func() error
}

type hookFunc func(ctx context.Context, bean any) error

var (
	errorType         = reflect.TypeFor[error]()
	processorType     = reflect.TypeFor[lifecycle.BeanPostProcessor]()
	postConstructType = reflect.TypeFor[lifecycle.PostConstructor]()
	preDestroyType    = reflect.TypeFor[lifecycle.PreDestroyer]()
	cleanupType       = reflect.TypeFor[func()]()
	cleanupErrorType  = reflect.TypeFor[func() error]()
)

// newDefinition reads a constructor's signature. Its problems, if any, are in
// the definition.
func newDefinition(constructor any, at callers, opts []BeanOption) *definition {
	d := &definition{callers: at, scope: ScopeSingleton, constructor: reflect.ValueOf(constructor)}
	if what := d.readSignature(); what != "" {
		d.fail(what, "register a function such as func(deps...) *T or func(deps...) (*T, error)")
		return d
	}
	return d.complete(opts)
}

// newInstance is the definition of a bean that exists already.
func newInstance(value any, at callers, opts []BeanOption) *definition {
	d := &definition{callers: at, scope: ScopeSingleton, instance: value}
	if v := reflect.ValueOf(value); !v.IsValid() || isNil(v) {
		d.fail("a nil instance was registered", "register a value that is not nil")
		return d
	}
	d.made = reflect.TypeOf(value)
	d.typ = d.made
	return d.complete(opts)
}

func (d *definition) complete(opts []BeanOption) *definition {
	d.checkHooks()
	for _, opt := range opts {
		if opt != nil {
			opt(d)
		}
	}
	d.checkScope()
	d.isProcessor = d.typ.Implements(processorType) || d.made.Implements(processorType)
	if d.name == "" {
		d.name, d.nameOf = naming.OfType(d.made, naming.Camel), d.made
	}
	return d
}

func (d *definition) readSignature() (wrong string) {
	if !d.constructor.IsValid() || isNil(d.constructor) {
		return "a nil constructor was registered"
	}
	fn := d.constructor.Type()
	if fn.Kind() != reflect.Func {
		return fmt.Sprintf("a value of type %s was registered as a constructor", fn)
	}
	if !d.returns.read(fn) {
		return fmt.Sprintf("the constructor %s must return one bean, which a func() to clean up and an error may follow", fn)
	}
	d.made = fn.Out(0)
	if d.made == errorType {
		return fmt.Sprintf("the constructor %s returns no bean: %s cannot be one", fn, d.made)
	}
	d.typ = d.made
	return ""
}

// read accepts T, (T, error), (T, cleanup) and (T, cleanup, error).
func (r *results) read(fn reflect.Type) bool {
	n := fn.NumOut()
	if n > 1 && fn.Out(n-1) == errorType {
		r.err = true
		n--
	}
	if n == 2 && (fn.Out(1) == cleanupType || fn.Out(1) == cleanupErrorType) {
		r.cleanup = true
		n--
	}
	return n == 1
}

// checkHooks finds a method that is named like a hook but would never be called.
// Start and Stop are common names with other signatures, so they are left alone.
func (d *definition) checkHooks() {
	if !d.made.Implements(postConstructType) {
		_, has := d.made.MethodByName("PostConstruct")
		d.rejectHook(has, "PostConstruct")
	}
	if !d.made.Implements(preDestroyType) {
		_, has := d.made.MethodByName("PreDestroy")
		d.rejectHook(has, "PreDestroy")
	}
}

func (d *definition) rejectHook(has bool, hook string) {
	if has {
		d.fail(fmt.Sprintf("%s.%s is not called, because of its signature", d.made, hook),
			fmt.Sprintf("declare it as func (...) %s(ctx context.Context) error", hook))
	}
}

// checkScope rejects what a prototype, which the context makes and forgets,
// cannot have.
func (d *definition) checkScope() {
	if d.scope != ScopePrototype {
		return
	}
	switch {
	case d.constructor.Kind() != reflect.Func:
		d.fail("an instance was registered as a prototype, but there is only one", "register a constructor")
	case d.returns.cleanup:
		d.fail("a prototype's constructor returns a function to clean up, which nobody would call",
			"give the bean a Close method, which those who get it call")
	case len(d.onStart)+len(d.onStop) > 0:
		d.fail("a prototype is neither started nor stopped, so OnStart and OnStop have no effect", "remove them or Prototype")
	}
}

func (d *definition) fail(what, remedy string) {
	d.problems = append(d.problems, &Problem{Code: CodeRegistration, What: what, Remedy: remedy})
}

// where says where the bean was registered: "catalog/main.go:30", with the
// module that did it.
func (d *definition) where() string {
	at := d.callers.location().String()
	if d.module == nil {
		return at
	}
	return at + ", module " + d.module.path()
}

// describe names a bean for a person: `catalogService (*catalog.Service,
// catalog/main.go:30)`.
func (d *definition) describe() string {
	if d.isOffered {
		return fmt.Sprintf("%s (%s, offered by the context)", d.name, d.typ)
	}
	return fmt.Sprintf("%s (%s, %s)", d.name, d.typ, d.where())
}

// label names the constructor for a person: "catalog.NewService
// (catalog/service.go:12)".
func (d *definition) label() string {
	if d.source != nil {
		return d.source.label()
	}
	if d.constructor.Kind() != reflect.Func {
		return "the registered instance"
	}
	name, at := functionOf(d.constructor)
	switch {
	case name == "" && at.file == "":
		return "its constructor"
	case name == "":
		return "the constructor at " + at.String()
	}
	return name + " (" + at.String() + ")"
}

// fits reports whether the bean can be injected as a t.
func (d *definition) fits(t reflect.Type) bool {
	if len(d.groups) > 0 {
		return false // found through its groups only
	}
	return d.isA(t)
}

func (d *definition) isA(t reflect.Type) bool {
	if d.typ == t || d.made == t {
		return true
	}
	if t.Kind() != reflect.Interface || d.isInfrastructure {
		return false
	}
	return d.typ.Implements(t) || d.made.Implements(t)
}

// isOut reports whether the constructor returns a dig.Out struct: several beans.
func (d *definition) isOut() bool {
	return d.made != nil && d.made.Kind() == reflect.Struct && dig.IsOut(d.made)
}

// isNil reports whether v is nil, or an interface that holds a nil.
func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface:
		return v.IsNil() || isNil(v.Elem())
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return v.IsNil()
	}
	return false
}
