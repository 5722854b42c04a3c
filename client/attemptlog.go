// SPDX-License-Identifier: Apache-2.0

package client

import (
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/client/internal/engine"
	"github.com/pyfly-go/pyfly/client/internal/message"
	"github.com/pyfly-go/pyfly/client/internal/shown"
	"github.com/pyfly-go/pyfly/client/port"
	"github.com/pyfly-go/pyfly/internal/secret"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

// logAttempt returns what logs the request of each attempt at level debug.
func (l *live) logAttempt(g *generation) func(*engine.Operation, *message.Message, int, *http.Request) {
	return func(op *engine.Operation, m *message.Message, attempt int, req *http.Request) {
		logger, ctx := l.processor.log(), req.Context()
		if !logger.Enabled(ctx, slog.LevelDebug) {
			return
		}
		_ = usercode.Call(func() error {
			attrs := []slog.Attr{slog.String("client", op.Client), slog.String("method", op.Method), slog.Int("attempt", attempt)}
			if instance, ok := port.InstanceOf(ctx); ok {
				attrs = append(attrs, slog.String("instance", instance))
			}
			logger.LogAttrs(ctx, slog.LevelDebug, "sending a request", append(attrs, slog.String("curl", shown.Curl(g.absolute(op, m, req), g.operations[op.Index].hidden)))...)
			return nil
		})
	}
}

// hiddenNames returns the names that are secret in requests of a method: those that
// the settings name, and headers whose declared values come from a secret
// placeholder.
func (p *HttpClientBeanPostProcessor) hiddenNames(secrets shown.Names, m *Method) shown.Names {
	names := slices.Clone(secrets)
	for name, values := range m.Headers {
		if slices.ContainsFunc(values, func(value string) bool {
			return strings.Contains(p.configuration().ExpandRedacted(value), secret.Hidden)
		}) {
			names = append(names, name)
		}
	}
	return names
}

// absolute returns a copy of a request, to be shown, with the URL that the port
// sends it to. The path is that of the declaration if an argument in it is a secret
// by its name.
func (g *generation) absolute(op *engine.Operation, m *message.Message, req *http.Request) *http.Request {
	if req.URL == nil {
		return req
	}
	base, path := g.shownBaseURL, req.URL.EscapedPath()
	if req.URL.Host != "" {
		base = &url.URL{Scheme: req.URL.Scheme, Host: req.URL.Host}
	}
	if of := &g.operations[op.Index]; of.hidesPath && m.Link == "" {
		path, _, _ = strings.Cut(of.template, "{?")
	}
	path = "//" + base.Host + strings.TrimSuffix(base.EscapedPath(), "/") + path
	copied := *req
	copied.URL = &url.URL{Scheme: base.Scheme, Host: base.Host, Opaque: path, RawQuery: req.URL.RawQuery}
	return &copied
}
