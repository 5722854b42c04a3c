// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/lifecycle"
)

// definition is one registered bean: what the user said about it, and, for the
// time of one start, what became of it.
type definition struct {
	name        string
	isNamed     bool           // the user chose the name
	typ         reflect.Type   // what the bean is registered as
	made        reflect.Type   // what the constructor's signature returns
	as          []reflect.Type // the interfaces of As, typ being the first
	constructor reflect.Value
	returnsErr  bool
	primary     bool
	order       int
	stereotype  string
	onStart     []hookFunc
	onStop      []hookFunc
	isProcessor bool
	// isInfrastructure marks what the context itself offers: not listed, not
	// found by interface, and giving way to a bean of the user's.
	isInfrastructure bool
	index            int // place in the order of registration
	at               location
	isInstance       bool
	problems         []*Problem // what is wrong with the registration itself

	injections []injection // what each parameter gets; set by the graph
	needs      []*definition
	demands    []reflect.Type // what dependents take it as

	built built
}

// built is what one start of the context makes of a definition.
type built struct {
	state    buildState
	value    reflect.Value // what dependents get
	original any           // what the constructor returned
	took     time.Duration
}

type buildState int

const (
	notBuilt buildState = iota
	complete
	failed // or not tried because something it needs failed
)

type hookFunc func(ctx context.Context, bean any) error

var (
	errorType     = reflect.TypeFor[error]()
	processorType = reflect.TypeFor[lifecycle.BeanPostProcessor]()
)

// newDefinition reads a constructor's signature. Its problems, if any, are in
// the definition.
func newDefinition(constructor any, at location, opts []BeanOption) *definition {
	d := &definition{at: at, constructor: reflect.ValueOf(constructor)}
	if what := d.readSignature(); what != "" {
		d.fail(what, "register a function such as func(deps...) *T or func(deps...) (*T, error)")
		return d
	}
	d.checkHooks()
	for _, opt := range opts {
		if opt != nil {
			opt(d)
		}
	}
	d.isProcessor = d.typ.Implements(processorType) || d.made.Implements(processorType)
	if d.name == "" {
		d.name = defaultName(d.made)
	}
	return d
}

// newInstance is the definition of a bean that exists already.
func newInstance(value any, at location, opts []BeanOption) *definition {
	v := reflect.ValueOf(value)
	if !v.IsValid() || isNil(v) {
		d := &definition{at: at}
		d.fail("a nil instance was registered", "register a value that is not nil")
		return d
	}
	constructor := reflect.MakeFunc(reflect.FuncOf(nil, []reflect.Type{v.Type()}, false),
		func([]reflect.Value) []reflect.Value { return []reflect.Value{v} })
	d := newDefinition(constructor.Interface(), at, opts)
	d.isInstance = true
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
	switch {
	case fn.NumOut() == 2 && fn.Out(1) == errorType:
		d.returnsErr = true
	case fn.NumOut() != 1:
		return fmt.Sprintf("the constructor %s does not return one bean, or one bean and an error", fn)
	}
	d.made = fn.Out(0)
	if d.made == errorType || dig.IsOut(d.made) {
		return fmt.Sprintf("the constructor %s returns no bean: %s cannot be one", fn, d.made)
	}
	d.typ = d.made
	return ""
}

// checkHooks finds a method that is named like a hook but would never be called.
// Start and Stop are common names with other signatures, so they are left alone.
func (d *definition) checkHooks() {
	for hook, iface := range map[string]reflect.Type{
		"PostConstruct": reflect.TypeFor[lifecycle.PostConstructor](),
		"PreDestroy":    reflect.TypeFor[lifecycle.PreDestroyer](),
	} {
		if _, has := d.made.MethodByName(hook); has && !d.made.Implements(iface) {
			d.fail(fmt.Sprintf("%s.%s is not called, because of its signature", d.made, hook),
				fmt.Sprintf("make it func (...) %s(ctx context.Context) error", hook))
		}
	}
}

func (d *definition) fail(what, remedy string) {
	p := &Problem{Code: CodeRegistration, What: what, Bean: d.name, Remedy: remedy}
	d.problems = append(d.problems, p.detail("registered", d.at.String()))
}

// label names the constructor for a person: "catalog.NewService
// (catalog/service.go:12)".
func (d *definition) label() string {
	if d.isInstance {
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

func (d *definition) fits(t reflect.Type) bool {
	if d.typ == t || d.made == t {
		return true
	}
	if t.Kind() != reflect.Interface || d.isInfrastructure {
		return false
	}
	return d.typ.Implements(t) || d.made.Implements(t)
}

// defaultName is the type's name with a lower-case first letter.
func defaultName(t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name := t.Name()
	if name == "" {
		return t.String()
	}
	if open := strings.IndexByte(name, '['); open >= 0 {
		name = name[:open] + "[" + unqualified(name[open+1:len(name)-1]) + "]"
	}
	first, size := utf8.DecodeRuneInString(name)
	return string(unicode.ToLower(first)) + name[size:]
}

// unqualified drops the package paths of type arguments: "a/b.User,int" becomes
// "User,int".
func unqualified(arguments string) string {
	parts := strings.Split(arguments, ",")
	for i, part := range parts {
		parts[i] = part[strings.LastIndexAny(part, "./")+1:]
	}
	return strings.Join(parts, ",")
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan:
		return v.IsNil()
	}
	return false
}
