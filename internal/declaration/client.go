// SPDX-License-Identifier: Apache-2.0

package declaration

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/resilience"
)

// Client is a declared client. It is right if it has no Problems.
type Client struct {
	Type    string // the Go type: "InventoryClient"
	Name    string // in settings and errors: "inventory-client"
	NameTag string // the name that its tag gives it, or ""

	IsService bool        // declared by client.ServiceClient
	Marker    string      // the field or directive whose tags are the client's: "ServiceClient", "service-client"; "": none
	Tags      []Tag       // of the marker
	URL       string      // as declared, secrets included
	Headers   http.Header // as declared, secrets included
	Resilience

	Methods  []*Method // those without problems
	Problems []Problem

	toGuard string // what to do for a service client
}

// Resilience is what a client's tag says about what guards its calls. Zero fields
// come from the settings; resilience.NoDelay stands for a declared zero.
type Resilience struct {
	Retry            bool
	CircuitBreaker   bool
	MaxAttempts      int
	BaseDelay        time.Duration
	FailureThreshold int
	RecoveryTimeout  time.Duration

	Timeout      time.Duration // of an attempt
	TotalTimeout time.Duration
	Bulkhead     int           // calls at a time
	RateLimit    float64       // calls a second
	Hedge        time.Duration // delay of a hedge
}

// The tags of the markers.
var (
	markerTags  = []string{"url", "name", "headers", "timeout", "total-timeout", "bulkhead", "rate-limit", "hedge"}
	serviceTags = []string{"retry", "circuit-breaker", "failure-threshold", "recovery-timeout", "retry-base-delay"}
)

// Has reports whether the client's tag has a key.
func (c *Client) Has(key string) bool {
	_, ok := lookup(c.Tags, key)
	return ok
}

// readMarker reads the tag by which a client is declared.
func (c *Client) readMarker(source string) {
	known := markerTags
	if c.IsService {
		known = slices.Concat(markerTags, serviceTags)
		c.Retry, c.CircuitBreaker = true, true
	}
	tags, err := ParseTags(source)
	if err != nil {
		c.fail(c.Marker, "%v", err)
	}
	c.Tags = tags
	for _, tag := range tags {
		if slices.Contains(known, tag.Key) {
			c.readMarkerTag(tag)
			continue
		}
		hint := ""
		if slices.Contains(serviceTags, tag.Key) {
			hint = "; " + c.toGuard + " for retry and circuit breaker"
		}
		c.fail(c.Marker, "unknown tag %q: it may be one of %s%s%s", tag.Key, strings.Join(known, ", "), hint, didYouMean(tag.Key, known))
	}
}

func (c *Client) readMarkerTag(tag Tag) {
	r := &c.Resilience
	switch tag.Key {
	case "url":
		c.URL = tag.Value
		c.checkURL()
	case "name":
		c.Name, c.NameTag = tag.Value, tag.Value
		if !isClientName(tag.Value) {
			c.fail(c.Marker, "name %q: a client's name is made of letters, digits, dashes and underscores", tag.Value)
		}
	case "headers":
		c.Headers = c.readHeaders(c.Marker, tag)
	case "retry":
		c.readRetry(tag.Value)
	case "circuit-breaker":
		r.CircuitBreaker = c.boolean(c.Marker, tag)
	case "failure-threshold":
		r.FailureThreshold = c.positive(tag)
	case "recovery-timeout":
		r.RecoveryTimeout = c.duration(c.Marker, tag)
	case "retry-base-delay":
		r.BaseDelay = c.duration(c.Marker, tag)
	case "timeout":
		r.Timeout = c.duration(c.Marker, tag)
	case "total-timeout":
		r.TotalTimeout = c.duration(c.Marker, tag)
	case "bulkhead":
		r.Bulkhead = c.positive(tag)
	case "rate-limit":
		r.RateLimit = c.perSecond(tag)
	case "hedge":
		r.Hedge = c.duration(c.Marker, tag)
	}
}

// readRetry takes true, false or a number of attempts.
func (c *Client) readRetry(value string) {
	switch attempts, err := strconv.Atoi(value); {
	case value == "true":
		c.Retry = true
	case value == "false":
		c.Retry = false
	case err != nil || attempts < 1:
		c.fail(c.Marker, "retry %q: write true, false or a number of attempts of at least 1", value)
	default:
		c.MaxAttempts = attempts
	}
}

func (c *Client) boolean(field string, tag Tag) bool {
	if tag.Value != "true" && tag.Value != "false" {
		c.fail(field, "%s %q: write true or false", tag.Key, tag.Value)
	}
	return tag.Value == "true"
}

func (c *Client) positive(tag Tag) int {
	n, err := strconv.Atoi(tag.Value)
	if err != nil || n < 1 {
		c.fail(c.Marker, "%s %q: write a number of at least 1", tag.Key, tag.Value)
	}
	return n
}

func (c *Client) perSecond(tag Tag) float64 {
	n, err := strconv.ParseFloat(tag.Value, 64)
	if err != nil || !(n > 0) || n > 1e9 {
		c.fail(c.Marker, "%s %q: write a number of calls a second above 0", tag.Key, tag.Value)
		return 0
	}
	return n
}

// duration reads a duration; a declared zero is resilience.NoDelay, because a
// zero field means the default.
func (c *Client) duration(field string, tag Tag) time.Duration {
	value, err := config.ParseDuration(tag.Value)
	switch {
	case err != nil || value < 0:
		c.fail(field, "%s %q: write a duration such as 500ms, 30s or 1m30s, or a number of seconds", tag.Key, tag.Value)
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
