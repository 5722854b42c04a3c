// SPDX-License-Identifier: Apache-2.0

package httpcache

import (
	"maps"
	"net/http"
	"sync"

	"github.com/pyfly-go/pyfly/client"
)

// sent is what has become of a request on its way to the port: interceptors that
// the cache does not see may have changed it.
type sent struct {
	mu           sync.Mutex
	header       http.Header // of the last attempt; nil: there was none
	isRedirected bool        // a redirect was followed in any attempt
}

type sentKey struct{}

// observeSent is a [client.Interceptor] that notes what is sent.
func observeSent(next client.Exchange) client.Exchange {
	return func(req *http.Request) (*http.Response, error) {
		s, ok := req.Context().Value(sentKey{}).(*sent)
		if !ok {
			return next(req)
		}
		header := http.Header{} // the port may change that of the request
		maps.Copy(header, req.Header.Clone())
		response, err := next(req)
		isRedirected := response != nil && response.Request != nil && response.Request.Response != nil
		s.mu.Lock()
		defer s.mu.Unlock()
		s.header, s.isRedirected = header, s.isRedirected || isRedirected
		return response, err
	}
}

// result returns the header of the last attempt, and whether a redirect was
// followed.
func (s *sent) result() (header http.Header, isRedirected bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.header, s.isRedirected
}
