// SPDX-License-Identifier: Apache-2.0

package oauth

import (
	"io"
	"net/http"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/message"
)

// Authorize puts around an exchange what adds a token. A token that the service
// rejects with 401 is replaced once, if the request can be sent again and the
// service has not acted upon it. describe returns the error of a call that has got
// no token.
func (t *Tokens) Authorize(next engine.Exchange, describe func(error) error) engine.Exchange {
	return func(req *http.Request) (*http.Response, error) {
		if req.URL.Host != "" { // another host's
			return next(req)
		}
		return t.send(req, next, describe)
	}
}

func (t *Tokens) send(req *http.Request, next engine.Exchange, describe func(error) error) (*http.Response, error) {
	token, err := t.Get(req.Context())
	if err != nil {
		closeBody(req)
		return nil, describe(err)
	}
	again := req.Clone(req.Context()) // now: the port may change req
	before := engine.Unproven(req.Context())
	token.SetAuthHeader(req)
	response, err := next(req)
	if err != nil || response.StatusCode != http.StatusUnauthorized {
		return response, err
	}
	t.Forget(token)
	isRepeatable := engine.IsIdempotent(again.Method) || again.Header["Idempotency-Key"] != nil
	mayHaveActed := engine.IsRedirected(response) || engine.Unproven(req.Context()) > before
	if mayHaveActed && !isRepeatable || !rewind(again) {
		return response, nil
	}
	_, _ = io.CopyN(io.Discard, response.Body, message.MaxDrained)
	_ = response.Body.Close()
	if token, err = t.Get(again.Context()); err != nil {
		closeBody(again)
		return nil, describe(err)
	}
	token.SetAuthHeader(again)
	return next(again)
}

// rewind gives a request its body anew. It is false if that cannot be done.
func rewind(req *http.Request) bool {
	if req.Body == nil || req.Body == http.NoBody {
		return true
	}
	if req.GetBody == nil {
		return false
	}
	body, err := req.GetBody()
	req.Body = body
	return err == nil
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}
