// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"net/http"
	"slices"

	"github.com/pyfly-go/pyfly/client/internal/engine"
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

// CallOf returns, in an interceptor, the call that a request's context belongs
// to.
func CallOf(ctx context.Context) (Call, bool) {
	info, ok := engine.InfoOf(ctx)
	return Call(info), ok
}

// aroundAttempts puts interceptors around an exchange, the first outermost. It is
// nil if there are none.
func aroundAttempts(interceptors []Interceptor) func(engine.Exchange) engine.Exchange {
	if len(interceptors) == 0 {
		return nil
	}
	return func(innermost engine.Exchange) engine.Exchange {
		exchange := Exchange(innermost)
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
}
