// SPDX-License-Identifier: Apache-2.0

package client

import (
	"reflect"

	"github.com/pyfly-go/pyfly/resilience"
)

// HttpClient declares a plain client: embed it in a struct of functions. Its tag
// says where the service is:
//
//	client.HttpClient `url:"http://inventory-service:8080" name:"inventory"`
//
// url is the base URL and may hold placeholders, ${inventory.url:http://localhost:8080};
// it may be left out when pyfly.client.services.<name>.base-url is set. name is
// the client's name in settings and errors; the default is its type's in kebab
// case, "inventory-client".
//
// A plain client has no retry and no circuit breaker, unless its own settings
// (pyfly.client.services.<name>.retry, .circuit-breaker) ask for them.
type HttpClient struct{ wiring *wiring }

// ServiceClient declares a client guarded by retry and circuit breaker: embed
// it in a struct of functions. Its tag may hold, besides what [HttpClient]'s may,
//
//	retry               true (the default), false, or the number of attempts, the first included
//	circuit-breaker     true (the default) or false
//	failure-threshold   consecutive failures that open the circuit
//	recovery-timeout    how long an open circuit waits before a probe
//	retry-base-delay    the delay before the second attempt, doubled for each further one
//
// What the tag leaves out comes from the settings pyfly.client.*.
type ServiceClient struct{ wiring *wiring }

// wiring is what a marker knows of the client it stands in.
type wiring struct {
	isStub bool  // made by NewStub: every function is a stub
	live   *live // nil before the client is wired

	fallback reflect.Value // a struct of the client's type, or the zero Value
	defaults *defaults     // nil: none
}

// isBare reports whether the client has been made by the user, and not wired.
func (w *wiring) isBare() bool { return w == nil || !w.isStub && w.live == nil }

// CircuitBreaker returns the breaker that the client's methods share, or nil
// when the client has none, or is not wired yet, or its setting
// circuit-breaker.scope is not client.
func (c HttpClient) CircuitBreaker() *resilience.CircuitBreaker { return c.wiring.breaker() }

// CircuitBreaker returns the breaker that the client's methods share, or nil
// when the client has none, or is not wired yet, or its setting
// circuit-breaker.scope is not client.
func (c ServiceClient) CircuitBreaker() *resilience.CircuitBreaker { return c.wiring.breaker() }

func (w *wiring) breaker() *resilience.CircuitBreaker {
	if w == nil || w.live == nil {
		return nil
	}
	return w.live.policies.Own()
}

var (
	httpClientType    = reflect.TypeFor[HttpClient]()
	serviceClientType = reflect.TypeFor[ServiceClient]()
)

// markerOf returns the field by which a struct declares itself a client.
func markerOf(t reflect.Type) (field reflect.StructField, ok bool) {
	if t.Kind() != reflect.Struct {
		return field, false
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Anonymous && (f.Type == httpClientType || f.Type == serviceClientType) {
			return f, true
		}
	}
	return field, false
}

// wiringOf gives access to the wiring of a client, which is an addressable
// struct with a marker.
func wiringOf(client reflect.Value, marker reflect.StructField) **wiring {
	switch m := client.FieldByIndex(marker.Index).Addr().Interface().(type) {
	case *HttpClient:
		return &m.wiring
	case *ServiceClient:
		return &m.wiring
	}
	return nil
}
