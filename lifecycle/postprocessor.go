// SPDX-License-Identifier: Apache-2.0

package lifecycle

import "reflect"

// BeanPostProcessor sees every bean before anyone receives it and may replace
// it. What a method returns is the bean from then on: dependents get the
// replacement, never the original. A replacement must be assignable to the type
// that the bean was registered as, so only beans registered as an interface
// can become proxies.
//
// Both methods are called once for a bean, however many interfaces it is known
// by, one bean at a time. A processor that returns nil or an error fails the
// start of the context, with its name and the bean's. Return the bean itself
// to leave it as it is.
//
// Processors are beans too: they are created before the others and run by
// Order, then by registration.
type BeanPostProcessor interface {
	// BeforeInit is called after the bean's construction, before its
	// PostConstruct.
	BeforeInit(bean any, beanName string) (any, error)
	// AfterInit is called after the bean's PostConstruct. It is the place to
	// put a proxy in front of the bean.
	AfterInit(bean any, beanName string) (any, error)
}

// SelectivePostProcessor is a BeanPostProcessor that is meant for some types
// only. The context does not call it for others, and does not warn that it
// missed them when they had to be created before it.
type SelectivePostProcessor interface {
	BeanPostProcessor
	// Processes reports whether the processor is meant for beans of type t,
	// the dynamic type of what the constructor returned.
	Processes(t reflect.Type) bool
}
