// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/shown"
	"github.com/pyfly-go/pyfly/client/internal/typemodel"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/internal/declaration"
	"github.com/pyfly-go/pyfly/internal/naming"
)

// Declaration is what a client's type declares, read back by [Describe].
type Declaration struct {
	Type       string      `json:"type"`              // the Go type: "InventoryClient"
	Name       string      `json:"name"`              // the name in settings and errors: "inventory-client"
	BaseURL    string      `json:"baseUrl"`           // as declared, placeholders and all; secrets are hidden
	Headers    http.Header `json:"headers,omitempty"` // as declared, placeholders and all; secrets are hidden
	Resilience Resilience  `json:"resilience"`        // what the tag says; zero fields come from the settings
	Methods    []Method    `json:"methods"`

	declared *declared
	typ      reflect.Type
	marker   *reflect.StructField
	problems []error
}

// declared is what the tags of a client or a method say, secrets included. It is
// kept behind a pointer, so that nothing prints it with the rest.
type declared struct {
	baseURL string // of a client
	headers http.Header
	client  *declaration.Client // of a client
}

// Resilience is what a client's tag says about what guards its calls.
type Resilience struct {
	Retry            bool          `json:"retry"`
	CircuitBreaker   bool          `json:"circuitBreaker"`
	MaxAttempts      int           `json:"maxAttempts,omitempty"`
	BaseDelay        time.Duration `json:"baseDelay,omitempty"` // resilience.NoDelay: declared as zero
	FailureThreshold int           `json:"failureThreshold,omitempty"`
	RecoveryTimeout  time.Duration `json:"recoveryTimeout,omitempty"` // resilience.NoDelay: declared as zero

	Timeout      time.Duration `json:"timeout,omitempty"`      // of an attempt; resilience.NoDelay: declared as zero, none
	TotalTimeout time.Duration `json:"totalTimeout,omitempty"` // likewise
	Bulkhead     int           `json:"bulkhead,omitempty"`     // calls at a time
	RateLimit    float64       `json:"rateLimit,omitempty"`    // calls a second
	Hedge        time.Duration `json:"hedge,omitempty"`        // delay of a hedge
}

// Describe returns what the type T declares. If the declaration is wrong, Err
// tells all that is.
func Describe[T any]() Declaration { return *declarationOf(reflect.TypeFor[T]()) }

// Err returns all mistakes of the declaration, joined; each is [ErrDeclaration].
func (d Declaration) Err() error { return errors.Join(d.problems...) }

// declarationError is one mistake of a declaration.
type declarationError struct {
	text string
	err  error // the cause, or nil
}

func wrongDeclaration(where, what string) error { return &declarationError{text: where + ": " + what} }

func (e *declarationError) Error() string        { return e.text }
func (e *declarationError) Is(target error) bool { return target == ErrDeclaration }
func (e *declarationError) Unwrap() error        { return e.err }

// As makes it a problem of the context's report, wherever it was found.
func (e *declarationError) As(target any) bool {
	problem, ok := target.(**container.Problem)
	if ok {
		*problem = &container.Problem{Code: container.CodeDeclaration, What: e.text, Err: e}
	}
	return ok
}

// roles are those of the types that this package gives to declarations.
func roles() map[reflect.Type]declaration.Role {
	return map[reflect.Type]declaration.Role{
		linkType:               declaration.Link,
		callOptionsType.Elem(): declaration.CallOption,
		fileType:               declaration.File,
		httpClientType:         declaration.HTTPClient,
		serviceClientType:      declaration.ServiceClient,
	}
}

// declarationOf reads a client's type, whole: every mistake is noted.
func declarationOf(t reflect.Type) *Declaration {
	marker, hasMarker := markerOf(t)
	iface, isInterface := interfaceOf(t)
	types, name := typemodel.New(roles(), bodyTypeOf), naming.OfType(t, naming.Kebab)
	var c *declaration.Client
	if isInterface {
		c = readInterface(types, name, marker, iface)
	} else {
		c = declaration.OfStruct(types.Client(t), name)
	}
	if t.Kind() == reflect.Interface {
		c.Problems = []declaration.Problem{{Type: c.Type, What: "is an interface: run pyfly generate, and call the functions that it writes, such as Register" + c.Type}}
	}
	d := &Declaration{
		Type: c.Type, Name: c.Name, BaseURL: c.ShownURL(), Headers: shown.Names(nil).Declared(c.Headers),
		Resilience: Resilience(c.Resilience),
		declared:   &declared{baseURL: c.URL, headers: c.Headers, client: c}, typ: t, marker: &reflect.StructField{},
	}
	if hasMarker {
		d.marker = &marker
	}
	for _, m := range c.Methods {
		if isInterface {
			d.Methods = append(d.Methods, methodOf(iface.TypeOf(m.Name), m))
		} else {
			d.Methods = append(d.Methods, methodOf(t.FieldByIndex(m.Index).Type, m))
		}
	}
	for _, p := range c.Problems {
		d.problems = append(d.problems, wrongDeclaration(p.Where(), p.What))
	}
	return d
}

func typeName(t reflect.Type) string {
	if name := t.Name(); name != "" {
		return name
	}
	return t.String()
}
