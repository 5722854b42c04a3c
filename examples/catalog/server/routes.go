// SPDX-License-Identifier: Apache-2.0

package server

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
)

// OtherRequests is the key of [Server.Requests] for requests without a route:
// unknown paths and unsupported methods.
const OtherRequests = "other"

// maxBody is the maximum size of a request body in bytes.
const maxBody = 1 << 20

// route is one entry of the API.
type route struct {
	method, path string
	handle       http.HandlerFunc
}

func (r route) pattern() string { return r.method + " " + r.path }

func (s *Server) router() http.Handler {
	mux := http.NewServeMux()
	s.mount(mux, s.faults.guard, slices.Concat(s.products.routes(), s.payments.routes()))
	s.mount(mux, unguarded, append(s.faults.routes(), route{http.MethodGet, "/health", health}))
	mux.Handle("/", s.counted(OtherRequests, s.faults.guard(http.HandlerFunc(nothingHere))))
	return http.MaxBytesHandler(mux, maxBody)
}

// mount adds routes to the mux, and for each path a response to unsupported
// methods.
func (s *Server) mount(mux *http.ServeMux, guard func(http.Handler) http.Handler, routes []route) {
	allowed := map[string][]string{}
	for _, r := range routes {
		mux.Handle(r.pattern(), s.counted(r.pattern(), guard(r.handle)))
		allowed[r.path] = append(allowed[r.path], r.method)
		if r.method == http.MethodGet {
			allowed[r.path] = append(allowed[r.path], http.MethodHead)
		}
	}
	for path, methods := range allowed {
		slices.Sort(methods)
		mux.Handle(path, s.counted(OtherRequests, guard(methodNotAllowed(strings.Join(methods, ", ")))))
	}
}

func (s *Server) counted(route string, next http.Handler) http.Handler {
	n, known := s.requests[route]
	if !known {
		n = new(atomic.Int64)
		s.requests[route] = n
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		next.ServeHTTP(w, r)
	})
}

func unguarded(next http.Handler) http.Handler { return next }

func health(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "UP"})
}

func nothingHere(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, http.StatusNotFound, "there is nothing at "+r.URL.Path)
}

func methodNotAllowed(allow string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Allow", allow)
		writeProblem(w, http.StatusMethodNotAllowed, r.Method+" is not allowed here: use one of "+allow)
	})
}
