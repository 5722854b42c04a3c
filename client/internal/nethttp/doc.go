// SPDX-License-Identifier: Apache-2.0

// Package nethttp is the default adapter of a client: a port on package net/http.
// [New] makes one; [NewTransport] makes its connections alone, for requests to
// other servers than the client's service.
//
// An [Adapter] addresses a request (target.go), counts it in flight and limits its
// time (exchange.go), follows redirects that stay where secrets may go
// (redirect.go), and limits what is read of the response
// (body.go). Below it are a tuned [http.Transport] (transport.go), connections of
// limited age (aging.go) that are all known (dialer.go), and TLS that verifies each
// host by its own name (tls.go).
package nethttp
