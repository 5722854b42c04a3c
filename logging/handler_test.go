// SPDX-License-Identifier: Apache-2.0

package logging_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"go.opentelemetry.io/otel/trace"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/logging"
)

// terminal looks like a file that is one.
type terminal struct{ bytes.Buffer }

func (*terminal) Stat() (os.FileInfo, error) { return terminalInfo{}, nil }

type terminalInfo struct{ os.FileInfo }

func (terminalInfo) Mode() fs.FileMode { return fs.ModeDevice | fs.ModeCharDevice }

// here is a part of this package's path, and elsewhere one of no package.
const here, elsewhere = "pyfly/logging_test", "no/such/package"

func TestTheHandlerKeepsSlogsRules(t *testing.T) {
	var out *bytes.Buffer
	slogtest.Run(t, func(t *testing.T) slog.Handler {
		var h *logging.Handler
		h, out = newHandler(t, map[string]any{"format": "json"})
		return h
	}, func(t *testing.T) map[string]any { return one(t, out) })
}

func TestAPackageLogsFromItsLevelOn(t *testing.T) {
	cases := map[string]struct {
		levels map[string]any
		want   string
	}{
		"by default":               {nil, "info warn error"},
		"of root":                  {map[string]any{"root": "error"}, "error"},
		"of this package":          {map[string]any{"root": "error", here: "debug"}, "debug info warn error"},
		"of one above":             {map[string]any{"root": "off", "github.com/pyfly-go": "warn"}, "warn error"},
		"of another package":       {map[string]any{elsewhere: "debug"}, "info warn error"},
		"higher than root":         {map[string]any{"root": "debug", here: "error"}, "error"},
		"off":                      {map[string]any{here: "off"}, ""},
		"a step":                   {map[string]any{"root": "info+1"}, "warn error"},
		"trace":                    {map[string]any{here: "trace"}, "trace debug info warn error"},
		"off everywhere but there": {map[string]any{"root": "off", elsewhere: "trace"}, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			logger, out := newLogger(t, map[string]any{"format": "json", "level": c.levels})
			for range 2 { // the second time the place is known
				out.Reset()
				for _, level := range []slog.Level{logging.LevelTrace, slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
					logger.Log(t.Context(), level, "m")
				}
			}
			var got []string
			for line := range strings.Lines(out.String()) {
				_, rest, _ := strings.Cut(line, `"level":"`)
				level, _, _ := strings.Cut(rest, `"`)
				got = append(got, strings.ToLower(level))
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("logged %v, want %s", got, c.want)
			}
		})
	}
}

func TestARecordWithoutAPlaceIsRoots(t *testing.T) {
	h, out := newHandler(t, map[string]any{"level": map[string]any{"root": "warn", here: "debug"}})
	for _, level := range []slog.Level{slog.LevelInfo, slog.LevelWarn} {
		if err := h.Handle(t.Context(), slog.NewRecord(time.Now(), level, "m", 0)); err != nil {
			t.Fatal(err)
		}
	}
	if got := one(t, out); got["level"] != "WARN" {
		t.Error(got)
	}
}

func TestEnabledIfSomePackageIs(t *testing.T) {
	h, _ := newHandler(t, map[string]any{"level": map[string]any{"root": "error", elsewhere: "debug"}})
	if !h.Enabled(t.Context(), slog.LevelDebug) || h.Enabled(t.Context(), logging.LevelTrace) {
		t.Error("debug is the least level")
	}
	h, _ = newHandler(t, map[string]any{"level": map[string]any{"root": "off"}})
	if h.Enabled(t.Context(), slog.LevelError) {
		t.Error("all is off")
	}
}

func TestLevelsChangeWhileTheApplicationRuns(t *testing.T) {
	h, out := newHandler(t, nil)
	derived := slog.New(h).With("a", 1).WithGroup("g").With("b", 2)
	log := func() bool {
		out.Reset()
		derived.Debug("m")
		return out.Len() > 0
	}
	levels := func(root, ours string) *config.Config {
		return config.New(map[string]any{"pyfly.logging.level": map[string]any{"root": root, here: ours}})
	}
	if log() {
		t.Error("logged at first")
	}
	if err := h.Apply(levels("error", "debug")); err != nil || !log() {
		t.Error("not logged once the level is debug", err)
	}
	if err := h.Apply(levels("debug", "loud")); err == nil || !log() {
		t.Error("a wrong level has changed something", err)
	}
	if err := h.Apply(levels("debug", "info")); err != nil || log() {
		t.Error("logged once the level is info again", err)
	}
}

func TestLevelsChangeUnderConcurrentUse(t *testing.T) {
	h, _ := newHandler(t, nil)
	logger := slog.New(h)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				logger.With("a", 1).Debug("m", "b", 2)
			}
		})
	}
	for i := range 200 {
		level := []string{"debug", "info"}[i%2]
		if err := h.Apply(config.New(map[string]any{"pyfly.logging.level": map[string]any{here: level}})); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
}

// inSpan is a context of a span.
func inSpan(t *testing.T) context.Context {
	return trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{0xab, 15: 1}, SpanID: trace.SpanID{0xcd, 7: 2},
	}))
}

func TestRecordsInASpanHaveItsIDs(t *testing.T) {
	const traceID, spanID = "ab000000000000000000000000000001", "cd00000000000002"
	for name, derive := range map[string]func(*slog.Logger) *slog.Logger{
		"plain":               func(l *slog.Logger) *slog.Logger { return l },
		"with attributes":     func(l *slog.Logger) *slog.Logger { return l.With("a", 1) },
		"in a group":          func(l *slog.Logger) *slog.Logger { return l.WithGroup("g") },
		"in groups in groups": func(l *slog.Logger) *slog.Logger { return l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h") },
	} {
		t.Run(name, func(t *testing.T) {
			logger, out := newLogger(t, nil)
			derive(logger).InfoContext(inSpan(t), "m", "x", 1)
			got := one(t, out)
			if got["trace_id"] != traceID || got["span_id"] != spanID || strings.Count(out.String(), "trace_id") != 1 {
				t.Error(out)
			}
			out.Reset()
			derive(logger).InfoContext(t.Context(), "m", "x", 1)
			if strings.Contains(out.String(), "trace_id") {
				t.Error("ids without a span", out)
			}
		})
	}
	logger, out := newLogger(t, nil)
	logger.With("a", 1).WithGroup("g").With("b", 2).InfoContext(inSpan(t), "m", "x", 3)
	if group, _ := one(t, out)["g"].(map[string]any); len(group) != 2 || group["b"] != 2.0 || group["x"] != 3.0 || one(t, out)["a"] != 1.0 {
		t.Error("other attributes are not where they belong", out)
	}
}

// Records and handlers are copied: nothing that a copy adds may show in another.
func TestCopiesShareNothing(t *testing.T) {
	h, out := newHandler(t, nil)
	record := slog.NewRecord(time.Now(), slog.LevelInfo, "m", 0)
	for i := range 10 { // so many that a record has room to spare
		record.AddAttrs(slog.Int("n", i))
	}
	for range 2 {
		if err := h.Handle(inSpan(t), record); err != nil {
			t.Fatal(err)
		}
	}
	if strings.Contains(out.String(), "BUG") || strings.Count(out.String(), "trace_id") != 2 {
		t.Error(out)
	}

	out.Reset()
	parent := slog.New(h).WithGroup("a").With("b", 1).WithGroup("c")
	first, second := parent.With("first", 1), parent.With("second", 2)
	first.InfoContext(inSpan(t), "m")
	second.InfoContext(inSpan(t), "m")
	lines := strings.Split(out.String(), "\n")
	if !strings.Contains(lines[0], `"a":{"b":1,"c":{"first":1}}`) || !strings.Contains(lines[1], `"a":{"b":1,"c":{"second":2}}`) {
		t.Error(out)
	}
}

func TestASpanWithoutAnIDIsNotTold(t *testing.T) {
	logger, out := newLogger(t, nil)
	logger.InfoContext(trace.ContextWithSpanContext(t.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}})), "m")
	if strings.Contains(out.String(), "trace_id") {
		t.Error(out)
	}
}

func TestTheSourceIsToldIfWanted(t *testing.T) {
	for _, wanted := range []bool{false, true} {
		logger, out := newLogger(t, map[string]any{"source": wanted, "format": "text"})
		logger.Info("m")
		if strings.Contains(out.String(), "handler_test.go:") != wanted {
			t.Errorf("wanted: %t: %s", wanted, out)
		}
	}
}

func TestTheLevelIsColouredOnATerminalUnlessRefused(t *testing.T) {
	t.Setenv("TERM", "xterm")
	log := func() string {
		w := &terminal{}
		h, err := logging.New(w, config.New(map[string]any{"pyfly.logging.level.root": "trace"}))
		if err != nil {
			t.Fatal(err)
		}
		logger := slog.New(h)
		logger.Error("level=INFO")
		logger.Warn("m")
		logger.Info("m", "level", "x")
		logger.Log(t.Context(), logging.LevelTrace, "m")
		return w.String()
	}
	t.Setenv("NO_COLOR", "")
	coloured := log()
	for _, want := range []string{
		"level=\x1b[1;31mERROR\x1b[0m msg=\"level=INFO\"\n", "level=\x1b[33mWARN\x1b[0m msg=m\n", "level=\x1b[32mINFO\x1b[0m msg=m level=x\n", "level=\x1b[2mTRACE\x1b[0m msg=m\n",
	} {
		if !strings.Contains(coloured, want) {
			t.Errorf("no %q in %q", want, coloured)
		}
	}
	t.Setenv("NO_COLOR", "1")
	if plain := log(); strings.Contains(plain, "\x1b") {
		t.Errorf("NO_COLOR: %q", plain)
	}
}

// broken is a writer that fails.
type broken struct{ terminal }

func (*broken) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestAnErrorOfTheWriterIsReturned(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	h, err := logging.New(&broken{}, config.New(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Handle(t.Context(), slog.NewRecord(time.Now(), slog.LevelInfo, "m", 0)); err == nil {
		t.Error("no error")
	}
}
