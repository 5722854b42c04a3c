// SPDX-License-Identifier: Apache-2.0

// Package clienttest helps to test code that calls services through declarative
// clients. There are three ways, ordered by how much of the client they
// replace.
//
// A struct literal is a fake client and needs no library. Once it is
// registered, methods that it does not set return a kernel.NotWiredError:
//
//	inventory := &InventoryClient{
//		GetProduct: func(ctx context.Context, id string) (Product, error) {
//			return Product{ID: id, Name: "Lamp"}, nil
//		},
//	}
//	service := NewCatalogService(inventory)
//
// A mock of port.HttpClientPort, written by hand or with a library such as
// testify/mock, has three methods: Request, Start and Stop. Pass it to the
// clients with client.WithFactory. It receives whole requests and must return
// whole responses.
//
// A fake port, [NewPort], runs everything of a client except the network: URLs,
// headers, decoding, retries and the circuit breaker. It returns configured
// responses and records requests:
//
//	port := clienttest.NewPort()
//	port.On("GET", "/products/{id}").Fail(errDown).RespondJSON(200, Product{ID: "42"})
//	app.Install(client.Module(client.WithFactory(port.Factory())))
//
// [HandlerFactory] returns a port that calls an [net/http.Handler] in place of
// a server, to test a client against the real handlers of its service.
//
// To check a port for another HTTP library, use [RunPortSuite].
package clienttest
