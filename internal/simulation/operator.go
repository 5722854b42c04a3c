// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"github.com/pyfly-go/pyfly/actuator"
	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

// operators act on the running application, each at its own times.
func (w *World) operators() []func() {
	var acts []func()
	if w.has("operator.reload") {
		acts = append(acts, func() { w.often("reload", 1+w.draw("reloads").IntN(4), w.publishNext) })
	}
	if w.has("operator.breakers") {
		acts = append(acts, func() { w.often("breakers", 3, w.operateBreaker) })
	}
	if w.has("operator.statistics") {
		acts = append(acts, func() { w.often("statistics", 4, func(int) { w.look() }) })
	}
	if w.has("actuator") {
		acts = append(acts, func() { w.often("actuator", 3, w.askActuator) })
	}
	if w.has("server.restart") {
		acts = append(acts, func() {
			w.often("restart", 2, func(n int) {
				w.servers[0].restart(w.draw("restart", n).between(5*time.Millisecond, 300*time.Millisecond))
			})
		})
	}
	if w.has("operator.stop") {
		acts = append(acts, func() {
			w.sleep(w.draw("stop").between(100*time.Millisecond, 1500*time.Millisecond))
			w.stop()
		})
	}
	return acts
}

// often does something n times, a while apart.
func (w *World) often(what string, n int, do func(n int)) {
	d := w.draw("operator", what)
	for i := range n {
		w.sleep(d.between(30*time.Millisecond, 600*time.Millisecond))
		if w.stopped.Load() || w.isOver() {
			return
		}
		do(i + 1)
	}
}

func (w *World) publishNext(n int) { w.publish(n) }

// operateBreaker forces a breaker, and puts it right again.
func (w *World) operateBreaker(n int) {
	breakers := client.CircuitBreakers(w.app)
	names := slices.Sorted(mapKeys(breakers))
	if len(names) == 0 {
		return
	}
	d := w.draw("breaker", n)
	b := breakers[pick(d, names...)]
	switch d.IntN(3) {
	case 0:
		b.ForceOpen()
		w.note("operator", "forces a circuit open")
		w.sleep(d.between(10*time.Millisecond, 200*time.Millisecond))
	case 1:
		b.Disable()
		w.note("operator", "disables a circuit breaker")
		w.sleep(d.between(10*time.Millisecond, 200*time.Millisecond))
	}
	b.Reset()
	w.note("operator", "resets a circuit breaker")
}

// look asks everything that tells of clients. Nothing of it may hold a secret.
func (w *World) look() {
	for _, stats := range client.Stats(w.app) {
		if stats.InFlight < 0 {
			w.find("in-flight-negative", "the client %s has %d calls in flight", stats.Client, stats.InFlight)
		}
	}
	infos, err := json.Marshal(client.Clients(w.app))
	if err != nil {
		w.find("clients-not-json", "%v", err)
	}
	w.shown("client.Clients", string(infos))
	declaration, _ := json.Marshal(client.Describe[Shop]())
	w.shown("client.Describe", string(declaration))
}

// askActuator asks the endpoints that tell of clients.
func (w *World) askActuator(n int) {
	server, err := container.Get[*actuator.Server](w.app)
	if err != nil {
		w.find("actuator-missing", "%v", err)
		return
	}
	for _, path := range []string{"clients", "configprops", "circuitbreakers", "history", "health", "startup", "beans", "prometheus"} {
		request := httptest.NewRequestWithContext(context.Background(), http.MethodGet, "http://actuator/actuator/"+path, nil)
		request.Header.Set("Authorization", "Bearer "+actuatorToken)
		recorder := httptest.NewRecorder()
		server.Handler().ServeHTTP(recorder, request)
		if recorder.Code >= 500 && path != "health" {
			w.find("actuator-fails", "%s answers %d: %.200s", path, recorder.Code, recorder.Body.String())
		}
		w.shown("actuator /"+path, recorder.Body.String())
	}
	w.note("operator", "asks the actuator (%d)", n)
}

const stopLimit = 2 * time.Second

// stop stops the application, once.
func (w *World) stop() {
	w.stopOnce.Do(func() {
		w.stopped.Store(true)
		w.mu.Lock()
		w.stopBegun = w.now()
		w.mu.Unlock()
		w.note("operator", "stops the application")
		err := w.app.Stop(context.Background())
		w.mu.Lock()
		w.stopEnded = w.now()
		w.mu.Unlock()
		w.note("operator", "has stopped the application")
		if err != nil {
			w.shown("error of Stop", err.Error())
		}
		if took := w.stopEnded - w.stopBegun; took > stopLimit+time.Second {
			w.find("stop-outlasts-its-limit", "it took %s, the limit is %s", took, stopLimit)
		}
	})
}

// shown checks what people see.
func (w *World) shown(where, text string) {
	switch secret := plantedIn(text); secret {
	case "":
	case planted + "-path":
		w.find("secret-of-a-path-shown", "%s shows %s", where, secret)
	default:
		w.find("secret-shown", "%s shows %s", where, secret)
	}
}

// plantedIn returns the first planted secret in a text, or "".
func plantedIn(text string) string {
	for i := 0; i+len(planted) <= len(text); i++ {
		if text[i:i+len(planted)] == planted {
			end := i + len(planted)
			for end < len(text) && (text[end] == '-' || text[end] >= 'a' && text[end] <= 'z') {
				end++
			}
			return text[i:end]
		}
	}
	return ""
}

func mapKeys[K comparable, V any](m map[K]V) func(yield func(K) bool) {
	return func(yield func(K) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}
