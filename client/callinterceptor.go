// SPDX-License-Identifier: Apache-2.0

package client

import "github.com/pyfly-go/pyfly/client/internal/engine"

// CallInterceptor wraps whole calls, with all their attempts: to answer from a
// cache, to measure, to run a call again with other headers. Each bean of this
// type sees every call of every client, the first in order outermost; what is
// said of [Interceptor] holds, and:
//
//   - next runs the call: circuit breaker, attempts, time limits. Its error is an
//     [*Error], also for an answer whose status is not of the 2xx; its answer
//     has been read whole, unless the method streams, or returns only an error:
//     then ContentLength is -1 if it may not be whole.
//   - [IsStreaming] tells, by the context of the request, whether the method
//     streams.
//   - next may be called several times, also on several goroutines at a time,
//     each with a request of its own then, and after the Exchange has returned.
//     Stopping the client waits for each run; none begins after that.
//   - Path, query, headers and context of the request may be changed, its body
//     may be read through GetBody only.
//   - An answer that does not come from next is decoded as if it did.
type CallInterceptor func(next Exchange) Exchange

// ForClients lets the interceptor see only the clients of the given names.
func (i CallInterceptor) ForClients(names ...string) CallInterceptor {
	return CallInterceptor(ForClients(Interceptor(i), names...))
}

// aroundCalls puts interceptors around the calls of an engine. It is nil if there
// are none.
func aroundCalls(interceptors []CallInterceptor) func(engine.Exchange) engine.Exchange {
	if len(interceptors) == 0 {
		return nil
	}
	same := make([]Interceptor, len(interceptors))
	for i, interceptor := range interceptors {
		same[i] = Interceptor(interceptor)
	}
	return aroundAttempts(same)
}
