// SPDX-License-Identifier: Apache-2.0

package lifecycle

import "context"

// The hooks of a bean. Each is optional, is called at most once for a start of
// the context, never two at a time on one bean (the Run of an ApplicationRunner
// goes on beside them), and is given a context that ends when the hook's time
// limit is over. A hook that returns an error or panics is reported with the
// bean's name; in PostConstruct and Start that fails the start of the context,
// in Stop and PreDestroy the other beans are still stopped. A bean one of whose
// hooks does not return at all gets no others.
type (
	// PostConstructor is a bean that completes itself after its construction,
	// between the BeforeInit and the AfterInit of the post-processors.
	PostConstructor interface {
		PostConstruct(ctx context.Context) error
	}

	// Starter is a bean that does something from the moment all beans are
	// built: listens, polls, consumes. Start returns when that is under way;
	// ctx ends with the time limit of the start, so work that goes on must
	// not be bound to it.
	Starter interface {
		Start(ctx context.Context) error
	}

	// Phased places a bean's Start and Stop: lower phases start first and stop
	// last. A bean that is not Phased has phase 0. Inside a phase, beans that
	// do not depend on one another start and stop side by side. What a bean
	// depends on starts before it whatever its phase.
	Phased interface {
		Phase() int
	}

	// ApplicationRunner is a bean with work of its own: a job, a consumer's
	// loop. Run is called on a goroutine of its own once the application is
	// ready, and may take as long as it likes; ctx ends when the application
	// begins to stop, and the context then waits for Run before it stops any
	// bean. An error, unless it is ctx's after that moment, ends the
	// application. It must not call the context's Stop, which waits for it:
	// Shutdown asks for the end. A lazy bean is not run.
	ApplicationRunner interface {
		Run(ctx context.Context) error
	}

	// Stopper is a bean that ends what Start began. It is called after
	// everything that depends on the bean has stopped, and only if the bean's
	// Start, if it has one, succeeded.
	Stopper interface {
		Stop(ctx context.Context) error
	}

	// PreDestroyer is a bean that lets go of what its constructor or
	// PostConstruct took. It is called after every bean's Stop, and also when
	// the context fails to start.
	PreDestroyer interface {
		PreDestroy(ctx context.Context) error
	}
)
