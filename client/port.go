// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"

	"github.com/pyfly-go/pyfly/client/port"
)

// The contract with what sends requests is package port's; an adapter imports
// that package alone.
type (
	// HttpClientPort sends the requests of one client: see [port.HttpClientPort].
	HttpClientPort = port.HttpClientPort
	// HttpClientFactory makes the port of one client: see [port.HttpClientFactory].
	HttpClientFactory = port.HttpClientFactory
	// PortConfig is what a port needs to know: see [port.PortConfig].
	PortConfig = port.PortConfig
)

// The defaults of a [PortConfig].
const (
	DefaultTimeout         = port.DefaultTimeout         // see [port.DefaultTimeout]
	DefaultConnectTimeout  = port.DefaultConnectTimeout  // see [port.DefaultConnectTimeout]
	DefaultMaxResponseSize = port.DefaultMaxResponseSize // see [port.DefaultMaxResponseSize]
)

// IsStreaming reports, by the context of a request, whether the response's body is
// read as a stream: see [port.IsStreaming].
func IsStreaming(ctx context.Context) bool { return port.IsStreaming(ctx) }
