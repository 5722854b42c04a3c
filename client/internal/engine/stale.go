// SPDX-License-Identifier: Apache-2.0

package engine

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/message"
)

// runOrStale runs the call, or takes the last good response to the same request if
// the service fails.
func (c *call) runOrStale(ctx context.Context) error {
	var failed error
	kept, err := c.op.Stale.Call(ctx, c.key(), func(ctx context.Context) (*message.Response, error) {
		kept := &message.Response{}
		inner := *c
		inner.sink = kept
		failed = inner.runAround(ctx)
		c.attempts = inner.attempts
		return kept, failed
	})
	if err != nil {
		return failed
	}
	if o := c.deliver(&message.Response{Status: kept.Status, Header: kept.Header.Clone(), Body: kept.Body}); o != nil { // it stays for others
		return o
	}
	return nil
}

// key tells requests apart whose responses may differ.
func (c *call) key() string {
	m := c.message
	var b strings.Builder
	b.WriteString(m.Base(c.BaseURL).Host + m.Path + "?" + m.Query)
	names := make([]string, 0, len(m.Header))
	for name := range m.Header {
		names = append(names, http.CanonicalHeaderKey(name))
	}
	slices.Sort(names)
	for _, name := range names {
		b.WriteString("\n" + name + ":" + strings.Join(m.Header[name], "\n "))
	}
	return b.String()
}
