// SPDX-License-Identifier: Apache-2.0

// Package integration holds no code, only tests: they call go-httpbin, a server
// that nobody here wrote, through an application context, the net/http adapter
// and a connection on loopback.
package integration
