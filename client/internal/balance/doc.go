// SPDX-License-Identifier: Apache-2.0

// Package balance chooses the instance of a service that a request goes to.
//
// A [Balancer] holds the set of instances. Whoever sends a request asks it for one
// with [Balancer.Pick], and says with [Picked.Done] how it went. Picks read an
// immutable snapshot of the set, without locks; what is known of an instance is kept
// by address and survives changes of the set.
//
// Instances that fail are ejected for a time. A call that tries several times goes to
// another instance each time, as long as there is one.
//
// The package knows neither resolvers nor HTTP.
package balance
