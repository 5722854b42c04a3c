// SPDX-License-Identifier: Apache-2.0

package discovery

import "context"

// Resolver knows the instances of services. It must be safe for concurrent use.
type Resolver interface {
	// Watch calls update with all instances of a service, at once and after
	// each change, until ctx ends; then it returns. A service that is known to
	// have no instances is an empty set.
	//
	// update copies what it is given, does not block, and may be called from any
	// goroutine. Calls after Watch has returned have no effect.
	//
	// A Watch that cannot go on returns an error. Clients log it, go on with
	// the instances that they know, and call Watch again after a while: a
	// resolver need not try again itself.
	Watch(ctx context.Context, service string, update func([]Instance)) error
}

// Refresher is a [Resolver] that can be asked to look again before it would by
// itself.
type Refresher interface {
	// Refresh says that an instance of a service cannot be connected to, so
	// that what the resolver knows may be out of date. It does not wait for the
	// answer. Clients call it once a second at most.
	Refresh(service string)
}

// Registrar makes instances known. It must be safe for concurrent use.
type Registrar interface {
	// Register keeps the entry of an instance until ctx ends, and then removes
	// it.
	Register(ctx context.Context, service string, instance Instance) error
}
