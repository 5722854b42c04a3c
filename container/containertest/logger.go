// SPDX-License-Identifier: Apache-2.0

package containertest

import (
	"log/slog"
	"sync"
	"testing"
)

// newLogger logs to the test until end is called; a test must not be written to
// once it is over.
func newLogger(t testing.TB) (logger *slog.Logger, end func()) {
	w := &testWriter{t: t}
	handler := slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: withoutTime})
	return slog.New(handler), w.end
}

// withoutTime drops what only adds noise to a test's output.
func withoutTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

type testWriter struct {
	mu sync.Mutex
	t  testing.TB // nil after the end
}

func (w *testWriter) Write(line []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.t == nil {
		return len(line), nil
	}
	return w.t.Output().Write(line)
}

func (w *testWriter) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.t = nil
}
