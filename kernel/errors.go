// SPDX-License-Identifier: Apache-2.0

package kernel

import "errors"

// The kinds of failure that cross package borders. Errors that PyFly returns
// wrap them, so test with [errors.Is] and never by text.
var (
	// ErrNoSuchBean says that no bean has the type or name that was asked for.
	ErrNoSuchBean = errors.New("no such bean")
	// ErrAmbiguousBean says that several beans fit and none is primary.
	ErrAmbiguousBean = errors.New("more than one bean fits")
	// ErrCircularDependency says that beans need each other in a circle.
	ErrCircularDependency = errors.New("circular dependency")
	// ErrBeanCreation says that a bean could not be registered, built,
	// post-processed, initialised or started.
	ErrBeanCreation = errors.New("bean could not be created")
	// ErrConfig says that a setting or a settings file is wrong.
	ErrConfig = errors.New("wrong configuration")
	// ErrCircuitOpen says that a circuit breaker refused a call.
	ErrCircuitOpen = errors.New("circuit breaker is open")
)

// NotWiredError is returned by a method of a declarative client that is called
// before HttpClientBeanPostProcessor gave it an implementation.
//
// Both errors.As(err, &p) with p of type *NotWiredError and errors.As(err, &v)
// with v of type NotWiredError find it.
type NotWiredError struct {
	Client string // the client's type, "InventoryClient"
	Method string // the field that was called, "GetProduct"
}

// Error implements error.
func (e NotWiredError) Error() string {
	return e.Client + "." + e.Method + " has not been wired by HttpClientBeanPostProcessor. " +
		"Make sure the ApplicationContext is started."
}

// As lets [errors.As] fill a target of the value type.
func (e *NotWiredError) As(target any) bool {
	t, ok := target.(*NotWiredError)
	if ok {
		*t = *e
	}
	return ok
}
