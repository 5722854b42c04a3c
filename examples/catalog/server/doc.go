// SPDX-License-Identifier: Apache-2.0

// Package server is the service that the catalog example calls: an in-memory
// inventory and payment API over HTTP, with faults that make it fail, slow down
// or drop connections.
//
//	GET    /products?category=&in_stock=&page=&size=   the total in X-Total-Count
//	POST   /products
//	GET    /products/{id}        PUT and DELETE likewise
//	POST   /payments             once for each Idempotency-Key
//	GET    /payments/{id}
//	PUT    /faults               {"mode":"fail","status":503,"path_prefix":"/payments"}
//	GET    /faults               DELETE mends the service
//	GET    /health
//
// Errors are problem details by RFC 9457. A [Server] has the Start and Stop
// methods of a bean, so that an application context can run it; the command
// cmd/inventory-server runs it alone.
package server
