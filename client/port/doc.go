// SPDX-License-Identifier: Apache-2.0

// Package port is the contract between a declarative client and what sends its
// requests. Import it to write an adapter: an [HttpClientPort] on another HTTP
// library, or one for tests. It needs the standard library and package kernel
// only, so an adapter brings neither a container nor configuration nor telemetry
// along.
//
// An adapter is a type with three methods and an [HttpClientFactory] that makes
// one from a [PortConfig]. An application uses it once the factory is a bean or is
// passed to client.WithFactory:
//
//	app.Install(client.Module(client.WithFactory(myhttp.New)))
//
// The errors of an adapter tell the client what it may do next. [ErrStopped],
// [ErrInvalidRequest] and [ErrTooLarge] are not failures of the service;
// [IsNotSent] says which errors allow a POST to be sent again.
// clienttest.RunPortSuite checks an adapter against this contract.
//
// Package client has aliases of the names that applications use:
// client.PortConfig and PortConfig are the same type.
package port
