// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"fmt"
	"slices"
)

// Feature is something that a world has or does not have. Shrinking turns it off.
type Feature string

// The features of a world, and in how many worlds of a hundred each is.
var features = []struct {
	name    Feature
	percent int
}{
	// The network.
	{"net.refuse", 15}, {"net.unknown-name", 10}, {"net.cut", 20}, {"net.slow-dial", 10}, {"net.linger", 15},
	{"net.tls", 12}, {"net.http2", 10}, {"net.h2c", 10}, {"net.impostor", 10},
	// The servers.
	{"server.slow", 25}, {"server.stall", 12}, {"server.stall-body", 10}, {"server.cut", 12}, {"server.restart", 10}, {"server.idle-death", 15},
	{"server.close", 15}, {"server.early", 10}, {"server.lie", 10}, {"server.informational", 10},
	{"server.redirect", 30}, {"server.redirect-allowed", 15}, {"server.redirect-foreign", 12}, {"server.redirect-dead", 12}, {"server.redirect-https", 10},
	{"server.too-many-requests", 15}, {"server.retry-after", 15}, {"server.unavailable", 30}, {"server.sick", 15}, {"server.client-error", 15},
	{"server.gzip", 15}, {"server.gzip-broken", 10}, {"server.bad-json", 10}, {"server.empty", 10}, {"server.large", 10}, {"server.cr-events", 10},
	{"server.etag-changes", 15}, {"server.link-foreign", 10}, {"server.link-broken", 10},
	// The settings.
	{"retry.jitter", 15}, {"retry.budget", 10}, {"retry.attempt-header", 10}, {"retry.statuses", 10},
	{"total-timeout", 30}, {"timeout.short", 20}, {"timeout.method", 10},
	{"hedge", 22}, {"bulkhead", 20}, {"bulkhead.method", 10}, {"retry.method", 10}, {"rate-limit.method", 10}, {"hedge.method", 10}, {"total-timeout.method", 10}, {"rate-limit", 15}, {"adaptive-limit", 10}, {"stale", 15},
	{"breaker.window", 10}, {"breaker.scope", 12}, {"breaker.probes", 12}, {"breaker.method", 10}, {"breaker.off", 10},
	{"auth.bearer", 15}, {"auth.basic", 10}, {"auth.oauth2", 12}, {"headers.secret", 12}, {"max-response-size", 12},
	{"pool.small", 10}, {"pool.max-age", 10}, {"compression", 10}, {"stream-idle-timeout", 25},
	// The user's code.
	{"code.interceptor-adds", 25}, {"code.interceptor-writes", 10}, {"code.interceptor-early", 10}, {"code.interceptor-twice", 10}, {"code.interceptor-panics", 10},
	{"code.interceptor-exits", 10}, {"code.interceptor-dials", 10}, {"code.interceptor-nothing", 10}, {"code.tenant", 15},
	{"code.call-interceptor", 12}, {"code.call-interceptor-twice", 10}, {"code.call-interceptor-early", 10}, {"code.call-interceptor-panics", 10}, {"code.call-interceptor-removes", 10},
	{"code.codec", 10}, {"code.codec-panics", 10}, {"code.coding", 10}, {"code.coding-nil", 10},
	{"code.decoder", 10}, {"code.decoder-panics", 10}, {"code.fallback", 15}, {"code.fallback-panics", 10}, {"code.retry-if", 10},
	{"code.transport", 10}, {"code.transport-dials", 10}, {"code.listener-panics", 10}, {"code.policy", 10}, {"code.policy-early", 10}, {"code.policy-twice", 10},
	// The callers.
	{"call.cancel", 20}, {"call.deadline", 25}, {"call.options", 12}, {"call.link", 12}, {"call.stream", 25}, {"call.sequence", 25}, {"call.events", 15},
	{"call.slow-reader", 12}, {"call.leave", 12}, {"call.upload", 20}, {"call.upload-blocks", 10}, {"call.upload-fails", 10}, {"call.form", 10},
	{"call.page", 20}, {"call.poll", 20}, {"call.pages", 20}, {"call.secret", 10}, {"call.head", 10}, {"call.empty-body", 10}, {"call.only-error", 10}, {"call.storm", 10}, {"call.plain", 10}, {"call.pause", 15}, {"call.pipeline", 15}, {"call.start", 10}, {"call.stop", 10},
	// The operators.
	{"operator.reload", 30}, {"operator.breakers", 10}, {"operator.statistics", 15}, {"operator.stop", 10},
	{"telemetry", 20}, {"actuator", 10},
}

// drawFeatures draws the features of the world, but for those that are off.
func (w *World) drawFeatures() {
	w.features = map[Feature]bool{}
	for _, f := range features {
		if w.draw("feature", f.name).IntN(100) < f.percent && !slices.Contains(w.options.Off, f.name) {
			w.features[f.name] = true
		}
	}
	w.callers = 3 + w.draw("callers").IntN(3)
	if w.has("call.storm") {
		w.callers += 8
	}
}

// Features returns those that the world has, in their order: those of the table,
// and a feature for each caller.
func (w *World) Features() []Feature {
	var present []Feature
	for _, f := range features {
		if w.features[f.name] {
			present = append(present, f.name)
		}
	}
	for n := range w.callers {
		if w.hasCaller(n) {
			present = append(present, callerFeature(n))
			for i := range mostCalls {
				if w.hasCall(n, i) {
					present = append(present, callFeature(n, i))
				}
			}
		}
	}
	return present
}

// has reports whether the world has a feature.
func (w *World) has(f Feature) bool { return w.features[f] }

// callerFeature is what turns off the nth caller.
func callerFeature(n int) Feature { return Feature(fmt.Sprintf("caller.%d", n)) }

// callFeature is what turns off the ith call of the nth caller.
func callFeature(n, i int) Feature { return Feature(fmt.Sprintf("caller.%d.%d", n, i)) }

func (w *World) hasCall(n, i int) bool { return !slices.Contains(w.options.Off, callFeature(n, i)) }

func (w *World) hasCaller(n int) bool { return !slices.Contains(w.options.Off, callerFeature(n)) }
