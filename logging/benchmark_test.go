// SPDX-License-Identifier: Apache-2.0

package logging_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/logging"
)

// refusing is a logger whose level for this package rejects Info; with others it
// is rejected in Handle, where the package is known, and not by Enabled.
func refusing(t testing.TB, isOnlyUs bool) *slog.Logger {
	levels := map[string]any{"root": "warn"}
	if isOnlyUs {
		levels = map[string]any{"root": "debug", here: "warn"}
	}
	logger, _ := newLogger(t, map[string]any{"level": levels})
	return logger
}

func TestARefusedRecordAllocatesNothing(t *testing.T) {
	for name, isOnlyUs := range map[string]bool{"everywhere": false, "in this package": true} {
		logger, ctx := refusing(t, isOnlyUs), context.Background()
		log := func() {
			logger.LogAttrs(ctx, slog.LevelInfo, "order placed", slog.String("customer", "ada"), slog.Int("items", 3))
			logger.LogAttrs(ctx, slog.LevelInfo, "order paid", slog.String("customer", "ada"))
		}
		log() // the places get known
		if n := testing.AllocsPerRun(1000, log); n != 0 {
			t.Errorf("rejected %s: %v allocations", name, n)
		}
	}
}

func benchmark(b *testing.B, logger *slog.Logger) {
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		logger.LogAttrs(ctx, slog.LevelInfo, "order placed", slog.String("customer", "ada"), slog.Int("items", 3))
	}
}

func BenchmarkRefused(b *testing.B) {
	b.Run("slog", func(b *testing.B) {
		benchmark(b, slog.New(slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn})))
	})
	b.Run("by all packages", func(b *testing.B) { benchmark(b, refusing(b, false)) })
	b.Run("by this package", func(b *testing.B) { benchmark(b, refusing(b, true)) })
}

func BenchmarkEnabled(b *testing.B) {
	ours := func(settings map[string]any) *slog.Logger {
		h, err := logging.New(io.Discard, config.New(map[string]any{"pyfly.logging": settings}))
		if err != nil {
			b.Fatal(err)
		}
		return slog.New(h)
	}
	b.Run("slog json", func(b *testing.B) { benchmark(b, slog.New(slog.NewJSONHandler(io.Discard, nil))) })
	b.Run("slog text", func(b *testing.B) { benchmark(b, slog.New(slog.NewTextHandler(io.Discard, nil))) })
	b.Run("json", func(b *testing.B) { benchmark(b, ours(map[string]any{"format": "json"})) })
	b.Run("text", func(b *testing.B) { benchmark(b, ours(map[string]any{"format": "text"})) })
	b.Run("json with levels", func(b *testing.B) {
		benchmark(b, ours(map[string]any{"format": "json", "level": map[string]any{"client": "debug", here: "debug"}}))
	})
}
