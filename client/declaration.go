// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/naming"
	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/resilience"
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
type declarationError struct{ where, what string }

func (e *declarationError) Error() string        { return e.where + ": " + e.what }
func (e *declarationError) Is(target error) bool { return target == ErrDeclaration }

func (d *Declaration) fail(where, format string, args ...any) {
	if where == "" {
		where = d.Type
	} else {
		where = d.Type + "." + where
	}
	d.problems = append(d.problems, &declarationError{where, fmt.Sprintf(format, args...)})
}

// declarationOf reads a client's type, whole: every mistake is noted.
func declarationOf(t reflect.Type) *Declaration {
	d := &Declaration{Type: typeName(t), typ: t, declared: &declared{}, marker: &reflect.StructField{}}
	marker, ok := markerOf(t)
	if !ok {
		d.fail("", "embeds neither client.HttpClient nor client.ServiceClient: embed one, with a tag such as `url:\"http://localhost:8080\"`")
		return d
	}
	d.marker = &marker
	d.Name = naming.OfType(t, naming.Kebab)
	d.readMarker()
	for i := range t.NumField() {
		field := t.Field(i)
		switch isMarker := field.Type == httpClientType || field.Type == serviceClientType; {
		case isMarker && !slices.Equal(field.Index, marker.Index):
			d.fail("", "embeds %s besides %s: embed one", field.Type, marker.Type)
		case !isMarker:
			d.readField(field)
		}
	}
	return d
}

func typeName(t reflect.Type) string {
	if name := t.Name(); name != "" {
		return name
	}
	return t.String()
}

func (d *Declaration) readMarker() {
	isService := d.marker.Type == serviceClientType
	known := []string{"url", "name", "headers", "timeout", "total-timeout", "bulkhead", "rate-limit", "hedge"}
	if isService {
		known = append(known, "retry", "circuit-breaker", "failure-threshold", "recovery-timeout", "retry-base-delay")
		d.Resilience = Resilience{Retry: true, CircuitBreaker: true}
	}
	tags, err := parseTag(d.marker.Tag)
	if err != nil {
		d.fail(d.marker.Name, "%v", err)
	}
	for _, tag := range tags {
		d.readMarkerTag(tag, known)
	}
}

func (d *Declaration) readMarkerTag(tag tag, known []string) {
	if !slices.Contains(known, tag.key) {
		hint := ""
		if d.marker.Type == httpClientType && slices.Contains([]string{"retry", "circuit-breaker", "failure-threshold", "recovery-timeout", "retry-base-delay"}, tag.key) {
			hint = "; embed client.ServiceClient for retry and circuit breaker"
		}
		d.fail(d.marker.Name, "unknown tag %q: it may be one of %s%s", tag.key, strings.Join(known, ", "), hint)
		return
	}
	r := &d.Resilience
	switch tag.key {
	case "url":
		d.declared.baseURL, d.BaseURL = tag.value, secret.Template(tag.value)
	case "name":
		d.Name = tag.value
		if !isClientName(tag.value) {
			d.fail(d.marker.Name, "name %q: a client's name is made of letters, digits, dashes and underscores", tag.value)
		}
	case "headers":
		d.declared.headers = d.readHeaders(d.marker.Name, tag)
		d.Headers = secretNames(nil).declared(d.declared.headers)
	case "retry":
		d.readRetry(tag.value)
	case "circuit-breaker":
		r.CircuitBreaker = d.boolean(tag)
	case "failure-threshold":
		r.FailureThreshold = d.positive(tag)
	case "recovery-timeout":
		r.RecoveryTimeout = d.duration(d.marker.Name, tag)
	case "retry-base-delay":
		r.BaseDelay = d.duration(d.marker.Name, tag)
	case "timeout":
		r.Timeout = d.duration(d.marker.Name, tag)
	case "total-timeout":
		r.TotalTimeout = d.duration(d.marker.Name, tag)
	case "bulkhead":
		r.Bulkhead = d.positive(tag)
	case "rate-limit":
		r.RateLimit = d.perSecond(tag)
	case "hedge":
		r.Hedge = d.duration(d.marker.Name, tag)
	}
}

// readHeaders reads the tag headers. Its error holds no secret.
func (d *Declaration) readHeaders(where string, tag tag) http.Header {
	headers, err := parseHeaders(tag.value)
	switch {
	case err != nil && holdsSecret(tag.value):
		d.fail(where, "headers: one of them cannot be sent: write Name: value, a semicolon between two, and no line break")
	case err != nil:
		d.fail(where, "headers %q: %v", tag.value, err)
	}
	return headers
}

// readRetry takes true, false or a number of attempts.
func (d *Declaration) readRetry(value string) {
	switch attempts, err := strconv.Atoi(value); {
	case value == "true":
		d.Resilience.Retry = true
	case value == "false":
		d.Resilience.Retry = false
	case err != nil || attempts < 1:
		d.fail(d.marker.Name, "retry %q: write true, false or a number of attempts of at least 1", value)
	default:
		d.Resilience.MaxAttempts = attempts
	}
}

func (d *Declaration) boolean(tag tag) bool {
	if tag.value != "true" && tag.value != "false" {
		d.fail(d.marker.Name, "%s %q: write true or false", tag.key, tag.value)
	}
	return tag.value == "true"
}

func (d *Declaration) positive(tag tag) int {
	n, err := strconv.Atoi(tag.value)
	if err != nil || n < 1 {
		d.fail(d.marker.Name, "%s %q: write a number of at least 1", tag.key, tag.value)
	}
	return n
}

func (d *Declaration) perSecond(tag tag) float64 {
	n, err := strconv.ParseFloat(tag.value, 64)
	if err != nil || !(n > 0) || n > 1e9 {
		d.fail(d.marker.Name, "%s %q: write a number of calls a second above 0", tag.key, tag.value)
		return 0
	}
	return n
}

// duration reads a duration; a declared zero is resilience.NoDelay, because a
// zero field means the default.
func (d *Declaration) duration(where string, tag tag) time.Duration {
	value, err := config.ParseDuration(tag.value)
	switch {
	case err != nil || value < 0:
		d.fail(where, "%s %q: write a duration such as 500ms, 30s or 1m30s, or a number of seconds", tag.key, tag.value)
	case value == 0:
		return resilience.NoDelay
	}
	return value
}

func isClientName(name string) bool {
	for _, r := range name {
		if r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') {
			return false
		}
	}
	return name != ""
}

var verbs = []string{"get", "post", "put", "delete", "patch", "head", "options"}

// readField takes a field of the client's struct for a method if it has a verb.
func (d *Declaration) readField(field reflect.StructField) {
	tags, err := parseTag(field.Tag)
	if err != nil {
		d.fail(field.Name, "%v", err)
		return
	}
	var declared, others []tag
	for _, tag := range tags {
		switch {
		case slices.Contains(verbs, tag.key):
			declared = append(declared, tag)
		case slices.Contains(methodTags, tag.key):
			others = append(others, tag)
		case field.Type.Kind() == reflect.Func:
			d.fail(field.Name, "unknown tag %q: it may be one of %s, %s", tag.key, strings.Join(verbs, ", "), strings.Join(methodTags, ", "))
		}
	}
	switch {
	case field.Type.Kind() != reflect.Func && len(declared) > 0:
		d.fail(field.Name, "has the verb %s but is a %s: make it a func(ctx context.Context, ...) (T, error)", declared[0].key, field.Type)
	case field.Type.Kind() != reflect.Func:
	case len(declared) == 0 && field.IsExported():
		d.fail(field.Name, "has no verb: tag it, for example `get:\"/path\"`, or make the field unexported")
	case len(declared) == 0:
	case !field.IsExported():
		d.fail(field.Name, "is unexported and cannot be given an implementation: export it")
	case len(declared) > 1:
		d.fail(field.Name, "has two verbs, %s and %s: declare one", declared[0].key, declared[1].key)
	default:
		d.readMethod(field, declared[0], others)
	}
}
