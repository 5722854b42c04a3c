// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"net/http"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// runOrStale runs the call, or takes the last good response to the same request if
// the service fails. A request is the same if all of it is that the service may
// have looked at: see [fingerprint].
func (c *call) runOrStale(ctx context.Context) error {
	var failed error
	inner := *c
	kept, err := c.op.Stale.CallBy(ctx,
		func(kept *message.Response, err error) (string, bool) {
			if err == nil && (kept.Status == http.StatusNotModified || !mayKeep(kept.Header)) {
				return "", false
			}
			return inner.sentFingerprint(ctx, err == nil)
		},
		func(ctx context.Context) (*message.Response, error) {
			kept := &message.Response{}
			inner.sink = kept
			failed = inner.runAround(ctx)
			c.attempts = inner.attempts
			return kept, failed
		})
	if err != nil {
		return failed
	}
	own := *kept
	own.Header = kept.Header.Clone() // it stays for others
	if o := c.deliver(&own); o != nil {
		return o
	}
	return nil
}

// mayKeep reports whether a response may be given to another caller: the memory is
// a cache that is shared by all callers (RFC 9111, section 3).
func mayKeep(header http.Header) bool {
	for _, line := range header["Cache-Control"] {
		for directive := range strings.SplitSeq(line, ",") {
			name, _, _ := strings.Cut(strings.TrimSpace(directive), "=")
			if strings.EqualFold(name, "no-store") || strings.EqualFold(name, "private") {
				return false
			}
		}
	}
	for _, line := range header["Vary"] {
		for name := range strings.SplitSeq(line, ",") {
			name = strings.TrimSpace(name)
			if name == "*" || isOfOneRequest(http.CanonicalHeaderKey(name)) {
				return false
			}
		}
	}
	return true
}
