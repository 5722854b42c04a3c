// SPDX-License-Identifier: Apache-2.0

package kernel

import "errors"

// The kinds of failure that all packages share. Errors that PyFly returns wrap
// them: compare with [errors.Is], not by text.
var (
	// ErrNoSuchBean means that no bean has the requested type or name.
	ErrNoSuchBean = errors.New("no such bean")
	// ErrAmbiguousBean means that several beans match and none is primary.
	ErrAmbiguousBean = errors.New("more than one bean fits")
	// ErrCircularDependency means that beans depend on each other in a cycle.
	ErrCircularDependency = errors.New("circular dependency")
	// ErrBeanCreation means that a bean could not be registered, built,
	// post-processed, initialised or started.
	ErrBeanCreation = errors.New("bean could not be created")
	// ErrConfig means that a setting or a settings file is not valid.
	ErrConfig = errors.New("wrong configuration")
	// ErrCircuitOpen means that a circuit breaker rejected a call.
	ErrCircuitOpen = errors.New("circuit breaker is open")
)

// NotWiredError is returned by a method of a declarative client that is called
// before HttpClientBeanPostProcessor has implemented it.
//
// Both errors.As(err, &p) with p of type *NotWiredError and errors.As(err, &v)
// with v of type NotWiredError find it.
type NotWiredError struct {
	Client string // the client's type, such as "InventoryClient"
	Method string // the field that was called, such as "GetProduct"
}

// Error implements error.
func (e NotWiredError) Error() string {
	return e.Client + "." + e.Method + " has not been wired by HttpClientBeanPostProcessor. " +
		"Make sure the ApplicationContext is started."
}

// As lets [errors.As] set a target of the value type.
func (e *NotWiredError) As(target any) bool {
	t, ok := target.(*NotWiredError)
	if ok {
		*t = *e
	}
	return ok
}
