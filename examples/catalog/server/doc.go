// SPDX-License-Identifier: Apache-2.0

// Package server is the service that the catalog example talks to: an
// inventory and a payment API over HTTP, kept in memory, with a switch that
// makes it fail, slow down or drop connections.
//
//	GET    /products?category=&in_stock=&page=&size=
//	GET    /products/{id}        PUT, DELETE likewise
//	POST   /products
//	POST   /payments             honours Idempotency-Key
//	GET    /payments/{id}
//	PUT    /faults               {"mode":"fail","status":503,"path_prefix":"/payments"}
//	GET    /faults               DELETE likewise
//	GET    /health
//
// Errors are problem details by RFC 9457.
package server
