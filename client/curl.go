// SPDX-License-Identifier: Apache-2.0

package client

import (
	"net/http"

	"github.com/pyfly-go/pyfly/client/internal/shown"
)

// Curl returns a command line for a POSIX shell that sends the request with curl,
// for logs and bug reports. It holds no secret: user and password of the URL, and
// the values of query parameters and headers whose names say that they are
// secret, are ******. The body is not read: if there is one, the command sends
// its standard input. Control characters become spaces.
//
// The URL is that of the request; in an [Interceptor] that is path and query only.
// A nil request gives "".
func Curl(req *http.Request) string { return shown.Curl(req, nil) }
