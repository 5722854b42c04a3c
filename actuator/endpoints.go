// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/actuator/internal/console"
	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

const basePath = "/actuator"

// endpointNames are the endpoints below /actuator, as named in settings.
var endpointNames = []string{
	"beans", "circuitbreakers", "clients", "configprops", "events", "health", "history", "info", "prometheus", "startup",
}

// endpoints handles requests.
type endpoints struct {
	app      *container.ApplicationContext
	settings *Settings
	guard    *guard
	health   *health
	metrics  *metrics
	hub      *hub

	changed atomic.Pointer[config.Config] // the current settings; nil if the files have not changed
}

// config returns the current settings.
func (e *endpoints) config() *config.Config {
	if changed := e.changed.Load(); changed != nil {
		return changed
	}
	return e.app.Config()
}

// handler routes requests.
func (e *endpoints) handler() http.Handler {
	mux := http.NewServeMux()
	read := func(name, path string, answer http.HandlerFunc) {
		mux.HandleFunc("GET "+basePath+path, e.guard.reading(name, answer))
	}
	answer := func(make func() any) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { writeAnswer(w, make()) }
	}
	mux.HandleFunc("GET "+basePath+"/{$}", e.links)
	mux.HandleFunc("GET "+basePath, e.links)
	// serveHealth itself decides who sees which details, because a probe has no
	// token.
	mux.HandleFunc("GET "+basePath+"/health", e.serveHealth)
	mux.HandleFunc("GET "+basePath+"/health/{component}", e.serveHealth)
	read("beans", "/beans", answer(func() any { return beansOf(e.app) }))
	read("startup", "/startup", answer(func() any { return startupOf(e.app) }))
	read("configprops", "/configprops", answer(func() any { return configPropsOf(e.app, e.config()) }))
	read("info", "/info", answer(func() any { return infoOf(e.app, e.config(), time.Now()) }))
	read("clients", "/clients", answer(func() any { return clientsOf(e.app) }))
	read("circuitbreakers", "/circuitbreakers", answer(func() any { return circuitBreakersOf(e.app) }))
	read("circuitbreakers", "/circuitbreakers/{name...}", e.serveCircuitBreaker)
	mux.HandleFunc("POST "+basePath+"/circuitbreakers/{name...}", e.guard.writing(e.changeCircuitBreaker))
	read("history", "/history", answer(func() any { return e.hub.history() }))
	read("events", "/events", func(w http.ResponseWriter, r *http.Request) {
		e.hub.streams.serve(w, r, func() any { return e.greeting(time.Now()) })
	})
	read("prometheus", "/prometheus", e.metrics.ServeHTTP)
	if e.settings.Console {
		page := http.StripPrefix(basePath+"/console", console.Handler())
		mux.Handle("GET "+basePath+"/console", page)
		mux.Handle("GET "+basePath+"/console/", page)
		mux.Handle("GET /{$}", http.RedirectHandler(basePath+"/console", http.StatusFound))
	}
	mux.HandleFunc("/", serveNothing)
	return e.guard.around(mux)
}

func serveNothing(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		writeProblem(w, http.StatusNotFound, "there is no such endpoint: GET "+basePath+" lists all endpoints")
		return
	}
	w.Header().Set("Allow", "GET, HEAD")
	writeProblem(w, http.StatusMethodNotAllowed, "this endpoint is read-only: only circuit breakers can be changed, by POST "+basePath+"/circuitbreakers/{name}")
}

// greeting is the first message of the event stream.
func (e *endpoints) greeting(now time.Time) any {
	return struct {
		At          seconds `json:"at"`
		Application string  `json:"application"`
		Events      []event `json:"events"`
	}{secondsOf(now), e.app.Name(), e.hub.recent.all()}
}

type clients struct {
	Clients []clientInfo `json:"clients"`
}

type clientInfo struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	BaseURL string `json:"baseUrl"` // the effective one
	client.ClientInfo
}

func clientsOf(app *container.ApplicationContext) clients {
	answer := clients{Clients: []clientInfo{}}
	for _, info := range client.Clients(app) {
		answer.Clients = append(answer.Clients, clientInfo{info.Declaration.Name, info.Declaration.Type, info.Stats.BaseURL, info})
	}
	return answer
}

// sorted returns a sorted list that is never null in JSON.
func sorted(names []string) []string {
	list := append([]string{}, names...)
	slices.Sort(list)
	return list
}
