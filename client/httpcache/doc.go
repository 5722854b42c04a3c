// SPDX-License-Identifier: Apache-2.0

// Package httpcache gives the clients of an application a cache of HTTP responses
// by RFC 9111. It is a module of its own, so that it reaches only those who
// install it:
//
//	app.Install(client.Module())
//	app.Install(httpcache.Module())
//
// From then on, GET requests of every client are answered from memory as long as
// the service's headers allow it: Cache-Control, Expires, Age and Vary, with
// validation by ETag and Last-Modified, and with the extensions
// stale-while-revalidate and stale-if-error of RFC 5861. Callers that ask for the
// same at the same time share one request. A request with an unsafe method, such
// as POST, removes what is stored of its URL.
//
// The cache of each client is private by default: a response is used only for
// requests that carry the same headers, so that no user gets the response of
// another one. The settings are below pyfly.client.services.<name>.cache;
// docs/clients.md describes them, and what is not stored. [Stats] returns
// counters.
//
//	go get github.com/pyfly-go/pyfly/client/httpcache
package httpcache
