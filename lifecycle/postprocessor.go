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
// by. Beans that the start builds come one at a time; lazy beans and prototypes
// are built by whoever asks for them, so they may come side by side. A processor
// that returns nil or an error vetoes the bean: the start of the context fails,
// or, for a lazy bean or a prototype, the call that asked for it, with the
// processor's name and the bean's. Return the bean itself to leave it as it is.
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

// DestructionAware is a BeanPostProcessor whose BeforeDestroy is called before a
// bean that it has seen is destroyed: after every bean's Stop, and before the bean's
// PreDestroy. Processors are called in reverse order. An error is reported and does
// not prevent the destruction.
type DestructionAware interface {
	BeanPostProcessor
	BeforeDestroy(bean any, beanName string) error
}
