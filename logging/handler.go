// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"sync/atomic"

	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/terminal"
)

// Handler is a slog.Handler that lets each package log from its level on, adds
// trace ids, hides secrets, and writes text or JSON, one line for each record
// and by one call of the writer. Make it with [New]. It is safe for concurrent
// use; a record below the level costs no allocation.
type Handler struct {
	shared *shared
	base   slog.Handler                      // with the attributes outside of all groups
	inner  slog.Handler                      // base with the groups and what is in them
	within []func(slog.Handler) slog.Handler // make inner from base
}

// shared is what a handler has in common with those derived from it.
type shared struct {
	levels atomic.Pointer[levels]
	isText bool
}

// New makes a handler that writes to w as the settings of cfg say; see the
// package's documentation. The error is that of [Check].
func New(w io.Writer, cfg *config.Config) (*Handler, error) {
	if w == nil || cfg == nil {
		return nil, errors.New("logging.New needs a writer and a configuration: give os.Stderr and config.New(nil) for defaults")
	}
	s, err := readSettings(cfg)
	if err != nil {
		return nil, err
	}
	isText := s.format == "text" || s.format == "auto" && terminal.Is(w)
	if isText && terminal.IsColoured(w) {
		w = colouring{w}
	}
	options := &slog.HandlerOptions{AddSource: s.source, ReplaceAttr: masker{isText}.replace}
	h := &Handler{shared: &shared{isText: isText}, base: slog.NewJSONHandler(w, options)}
	if isText {
		h.base = slog.NewTextHandler(w, options)
	}
	h.inner = h.base
	h.shared.levels.Store(s.levels)
	return h, nil
}

// Apply takes the levels from cfg, for this handler and all that were derived
// from it; format and source stay as they are. If anything is wrong with the
// settings of logging nothing changes, and the error is that of [Check].
func (h *Handler) Apply(cfg *config.Config) error {
	s, err := readSettings(cfg)
	if err != nil {
		return err
	}
	h.shared.levels.Store(s.levels)
	return nil
}

// IsText reports whether the handler writes text, and not JSON.
func (h *Handler) IsText() bool { return h.shared.isText }

// LevelOf returns the level of a package, named by its import path: from it on
// its records are logged.
func (h *Handler) LevelOf(path string) slog.Level { return h.shared.levels.Load().of(path) }

// Enabled reports whether some package may log at level.
func (h *Handler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.shared.levels.Load().least
}

// Handle writes a record, unless its level is below that of the package that
// logs it.
func (h *Handler) Handle(ctx context.Context, record slog.Record) error {
	if record.Level < h.shared.levels.Load().at(record.PC) {
		return nil
	}
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		return h.inner.Handle(ctx, record)
	}
	ids := []slog.Attr{slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String())}
	if len(h.within) == 0 {
		record = record.Clone()
		record.AddAttrs(ids...)
		return h.inner.Handle(ctx, record)
	}
	inner := h.base.WithAttrs(ids)
	for _, open := range h.within {
		inner = open(inner)
	}
	return inner.Handle(ctx, record)
}

// WithAttrs returns a handler that adds attributes to all its records.
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	if len(h.within) > 0 {
		return h.open(func(inner slog.Handler) slog.Handler { return inner.WithAttrs(attrs) })
	}
	base := h.base.WithAttrs(attrs)
	return &Handler{shared: h.shared, base: base, inner: base}
}

// WithGroup returns a handler that puts all further attributes into a group.
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.open(func(inner slog.Handler) slog.Handler { return inner.WithGroup(name) })
}

func (h *Handler) open(step func(slog.Handler) slog.Handler) *Handler {
	return &Handler{shared: h.shared, base: h.base, inner: step(h.inner), within: append(slices.Clip(h.within), step)}
}
