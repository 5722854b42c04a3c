// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"slices"
)

// Exchange sends a request and returns the answer, as a port's Request does:
// the URL has path and query only, an answer of any status is no error.
type Exchange func(req *http.Request) (*http.Response, error)

// Interceptor wraps what sends the requests of clients: to sign them, to add
// headers, to look at answers. Each bean of this type sees each attempt of every
// call of every client, the first in order (see container.Order) outermost:
//
//	app.Register(func(keys *Keys) client.Interceptor {
//		return func(next client.Exchange) client.Exchange {
//			return func(req *http.Request) (*http.Response, error) {
//				req.Header.Set("X-Signature", keys.Sign(req))
//				return next(req)
//			}
//		}
//	})
//
// It is called once for each client. The Exchange that it returns must be safe
// for concurrent use. It owns the request, and may change it; an answer that it
// does not return it must close. Its errors are taken for those of the service,
// and count for the circuit breaker, unless they wrap [ErrInvalidRequest].
type Interceptor func(next Exchange) Exchange

// ForClients lets an interceptor see only the clients of the given names:
// "payment-client".
func ForClients(interceptor Interceptor, names ...string) Interceptor {
	return func(next Exchange) Exchange {
		intercepted := interceptor(next)
		return func(req *http.Request) (*http.Response, error) {
			if call, _ := CallOf(req.Context()); slices.Contains(names, call.Client) {
				return intercepted(req)
			}
			return next(req)
		}
	}
}

// Call says which call a request belongs to.
type Call struct {
	Client  string // the client's name, "payment-client"
	Method  string // the field that was called, "Charge"
	Attempt int    // 1 for the first; 0 in a CallInterceptor
}

type callKey struct{}

// withCall returns a context that knows the attempt and its call.
func (c *call) withCall(ctx context.Context, a *attempt) context.Context {
	a.call = Call{c.op.client, c.op.method, c.attempts}
	return context.WithValue(ctx, callKey{}, a)
}

// CallOf returns, in an interceptor, the call that a request's context belongs
// to.
func CallOf(ctx context.Context) (Call, bool) {
	a, ok := ctx.Value(callKey{}).(*attempt)
	if !ok {
		return Call{}, false
	}
	return a.call, true
}

// intercept puts interceptors around a port, the first outermost.
func intercept(exchange Exchange, interceptors []Interceptor) Exchange {
	for _, interceptor := range slices.Backward(interceptors) {
		if interceptor == nil {
			continue
		}
		if wrapped := interceptor(exchange); wrapped != nil {
			exchange = wrapped
		}
	}
	return exchange
}
