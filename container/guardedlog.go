// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"log/slog"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// guardedHandler hands records to a handler of the user's, which may panic.
type guardedHandler struct{ handler slog.Handler }

// Enabled reports whether the handler wants records of a level.
func (h guardedHandler) Enabled(ctx context.Context, level slog.Level) (isEnabled bool) {
	_ = usercode.Call(func() error { isEnabled = h.handler.Enabled(ctx, level); return nil })
	return isEnabled
}

// Handle hands over a record. There is nobody to tell if that fails.
func (h guardedHandler) Handle(ctx context.Context, record slog.Record) error {
	return usercode.Call(func() error { return h.handler.Handle(ctx, record) })
}

// WithAttrs returns a handler whose records have further attributes.
func (h guardedHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.changed(func() slog.Handler { return h.handler.WithAttrs(attrs) })
}

// WithGroup returns a handler whose further attributes are in a group.
func (h guardedHandler) WithGroup(name string) slog.Handler {
	return h.changed(func() slog.Handler { return h.handler.WithGroup(name) })
}

func (h guardedHandler) changed(change func() slog.Handler) slog.Handler {
	changed := h.handler
	_ = usercode.Call(func() error { changed = change(); return nil })
	return guardedHandler{changed}
}
