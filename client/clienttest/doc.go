// SPDX-License-Identifier: Apache-2.0

// Package clienttest helps to test code that calls services through
// declarative clients. There are three ways, from the nearest to the farthest
// from the wire.
//
// A struct literal is a fake client without any library. What it does not set
// answers with a kernel.NotWiredError once it is registered:
//
//	inventory := &InventoryClient{
//		GetProduct: func(ctx context.Context, id string) (Product, error) {
//			return Product{ID: id, Name: "Lamp"}, nil
//		},
//	}
//	service := NewCatalogService(inventory)
//
// A mock of port.HttpClientPort, made by hand or by a library such as
// testify/mock, has three methods: Request, Start and Stop. Hand it to the
// clients with client.WithFactory. It sees whole requests, but has to build
// whole responses.
//
// A fake port, [NewPort], runs everything of a client but the network: URLs,
// headers, decoding, retries and the circuit breaker. It answers what it was
// told and records what it was asked:
//
//	port := clienttest.NewPort()
//	port.On("GET", "/products/{id}").Fail(errDown).RespondJSON(200, Product{ID: "42"})
//	app.Install(client.Module(client.WithFactory(port.Factory())))
//
// [HandlerFactory] is a port that calls an [net/http.Handler] in place of a
// server, for tests of a client against the real handlers of its service.
//
// Whoever writes a port for another HTTP library checks it with [RunPortSuite].
package clienttest
