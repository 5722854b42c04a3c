// SPDX-License-Identifier: Apache-2.0

package simulation

import "slices"

// Feature is something that a world has or does not have. Shrinking turns it off.
type Feature string

// The features of a world, and in how many worlds of a hundred each is.
var features = []struct {
	name    Feature
	percent int
}{
	// The network.
	{"net.refuse", 15}, {"net.unknown-name", 8}, {"net.cut", 20}, {"net.slow-dial", 10}, {"net.linger", 15},
	{"net.tls", 12}, {"net.http2", 8}, {"net.impostor", 8},
	// The servers.
	{"server.slow", 25}, {"server.stall", 12}, {"server.stall-body", 10}, {"server.cut", 12}, {"server.restart", 8}, {"server.idle-death", 15},
	{"server.close", 15}, {"server.early", 10}, {"server.lie", 8}, {"server.informational", 8},
	{"server.redirect", 30}, {"server.redirect-allowed", 15}, {"server.redirect-foreign", 12}, {"server.redirect-dead", 12},
	{"server.too-many-requests", 15}, {"server.retry-after", 15}, {"server.unavailable", 30}, {"server.client-error", 15},
	{"server.gzip", 15}, {"server.gzip-broken", 10}, {"server.bad-json", 10}, {"server.empty", 10}, {"server.large", 10}, {"server.cr-events", 5},
	// The settings.
	{"retry.jitter", 15}, {"retry.budget", 8}, {"retry.attempt-header", 8}, {"retry.statuses", 8},
	{"total-timeout", 30}, {"timeout.short", 20}, {"timeout.method", 8},
	{"hedge", 22}, {"bulkhead", 20}, {"bulkhead.method", 6}, {"rate-limit", 15}, {"adaptive-limit", 8}, {"stale", 15},
	{"breaker.window", 10}, {"breaker.scope", 12}, {"breaker.probes", 12}, {"breaker.method", 6}, {"breaker.off", 6},
	{"auth.bearer", 15}, {"auth.basic", 8}, {"auth.oauth2", 12}, {"headers.secret", 12}, {"max-response-size", 12},
	{"pool.small", 6}, {"pool.max-age", 8}, {"compression", 10}, {"stream-idle-timeout", 25},
	// The user's code.
	{"code.interceptor-adds", 25}, {"code.interceptor-writes", 8}, {"code.interceptor-early", 8}, {"code.interceptor-twice", 6}, {"code.interceptor-panics", 6},
	{"code.interceptor-exits", 4}, {"code.interceptor-dials", 6}, {"code.interceptor-nothing", 5}, {"code.tenant", 15},
	{"code.call-interceptor", 12}, {"code.call-interceptor-twice", 8}, {"code.call-interceptor-early", 6}, {"code.call-interceptor-panics", 5}, {"code.call-interceptor-removes", 6},
	{"code.codec", 8}, {"code.codec-panics", 5}, {"code.coding", 10}, {"code.coding-nil", 8},
	{"code.decoder", 10}, {"code.decoder-panics", 5}, {"code.fallback", 15}, {"code.fallback-panics", 6}, {"code.retry-if", 6},
	{"code.transport", 8}, {"code.transport-dials", 5}, {"code.listener-panics", 4},
	// The callers.
	{"call.cancel", 20}, {"call.deadline", 25}, {"call.options", 12}, {"call.link", 12}, {"call.stream", 25}, {"call.sequence", 25}, {"call.events", 15},
	{"call.slow-reader", 12}, {"call.leave", 12}, {"call.upload", 20}, {"call.upload-blocks", 6}, {"call.upload-fails", 8}, {"call.form", 8},
	{"call.page", 20}, {"call.secret", 8}, {"call.head", 10}, {"call.empty-body", 8}, {"call.only-error", 10}, {"call.storm", 8}, {"call.plain", 10}, {"call.pause", 15},
	// The operators.
	{"operator.reload", 30}, {"operator.breakers", 10}, {"operator.statistics", 15}, {"operator.stop", 10},
	{"telemetry", 20}, {"actuator", 8},
}

// drawFeatures draws the features of the world, but for those that are off.
func (w *World) drawFeatures(off []Feature) {
	w.features = map[Feature]bool{}
	for _, f := range features {
		if w.draw("feature", f.name).IntN(100) < f.percent && !slices.Contains(off, f.name) {
			w.features[f.name] = true
		}
	}
}

// Features returns those that the world has, in their order.
func (w *World) Features() []Feature {
	var present []Feature
	for _, f := range features {
		if w.features[f.name] {
			present = append(present, f.name)
		}
	}
	return present
}

// has reports whether the world has a feature.
func (w *World) has(f Feature) bool { return w.features[f] }

// known are the names of all features, for a look at coverage.
func allFeatures() []Feature {
	all := make([]Feature, len(features))
	for i, f := range features {
		all[i] = f.name
	}
	return all
}
