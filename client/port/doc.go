// SPDX-License-Identifier: Apache-2.0

// Package port is the contract between a declarative client and the code that
// sends its requests. Import it to write an adapter: an [HttpClientPort] that
// uses another HTTP library, or one for tests. The package depends only on the
// standard library and package kernel, so an adapter does not depend on the
// container, the configuration or telemetry.
//
// An adapter is a type with three methods and an [HttpClientFactory] that
// creates it from a [PortConfig]. An application uses it if the factory is a
// bean or is passed to client.WithFactory:
//
//	app.Install(client.Module(client.WithFactory(myhttp.New)))
//
// The client handles the errors of an adapter by kind. [ErrStopped],
// [ErrInvalidRequest] and [ErrTooLarge] are not failures of the service.
// [IsNotSent] reports which errors allow a POST to be sent again.
// clienttest.RunPortSuite checks an adapter against this contract.
//
// With discovery the client chooses an instance of its service for each request, and
// [InstanceOf] tells the adapter which. An [InstanceCloser] is told which instances
// have left.
//
// Package client has aliases for the names that applications use:
// client.PortConfig and PortConfig are the same type.
package port
