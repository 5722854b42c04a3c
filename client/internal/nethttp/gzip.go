// SPDX-License-Identifier: Apache-2.0

package nethttp

import (
	"net/http"

	"github.com/pyfly-go/pyfly/client/internal/coding"
	"github.com/pyfly-go/pyfly/client/port"
)

// codings are those that an adapter decodes.
var codings = coding.New[coding.Coding](nil)

// decodes reports whether the body of the response to a request is decoded: the
// caller has not said which codings it takes, and the response is a whole one.
func decodes(req *http.Request) bool {
	return req.Header["Accept-Encoding"] == nil && req.Header["Range"] == nil && req.Method != http.MethodHead
}

// acceptGzip asks for gzip, so that the transport does not and leaves the response as
// it is: its decoder does not tell a body that is not gzip from a connection that
// broke. It is left to a transport that a user has wrapped, who sees decoded
// responses.
func (a *Adapter) acceptGzip(req *http.Request, e *exchange) {
	if !a.isWrapped {
		e.accepted[0] = "gzip"
		req.Header["Accept-Encoding"] = e.accepted[:]
	}
}

// decode decodes the response to a request.
func decode(req *http.Request, response *http.Response) {
	if response.Body != http.NoBody {
		codings.Decode(response, port.IsStreaming(req.Context()))
	}
}
