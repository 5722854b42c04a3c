// SPDX-License-Identifier: Apache-2.0

package watcher

import (
	"context"
	"log/slog"
	"time"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// journal logs what happens to a watch, and not again what has been logged. It
// belongs to the watch's loop.
type journal struct {
	logger   *slog.Logger
	target   Target
	failure  string // the last one of a row that was logged as a warning
	isDown   bool   // a warning said so
	rejected bool   // something of the last answer was
}

// ended logs the end of a run: as a warning if it is the first of a row, or if the
// failure is another than before.
func (j *journal) ended(err error, isFirst bool, delay time.Duration) {
	level, text := slog.LevelDebug, shortened(usercode.Text(err))
	if isFirst || text != j.failure {
		level, j.failure, j.isDown = slog.LevelWarn, text, true
	}
	j.log(level, "the watch of a service has ended: it begins again after a delay, and the instances that are known stay in use",
		"error", text, "delay", delay)
}

// look logs what is new since it was called last.
func (j *journal) look(w *watch) {
	w.mu.Lock()
	rejected, isAtWork := w.rejected, w.answered && w.failure == nil
	w.mu.Unlock()
	if isAtWork && j.isDown {
		j.isDown = false
		j.log(slog.LevelInfo, "the resolver of a service answers again")
	}
	if !rejected.isNone() && !j.rejected {
		j.log(slog.LevelWarn, "instances of a service are not used: the resolver must give each valid address once",
			"invalid", rejected.invalid, "duplicate", rejected.duplicate, "beyond the limit", rejected.excess,
			"first", shortened(rejected.example.Error()))
	}
	j.rejected = !rejected.isNone()
}

func (j *journal) log(level slog.Level, message string, args ...any) {
	args = append([]any{"service", shortened(j.target.Service), "resolver", j.target.Name}, args...)
	_ = usercode.Call(func() error { j.logger.Log(context.Background(), level, message, args...); return nil })
}

// shortened keeps text of unknown length from filling the log.
func shortened(text string) string {
	const most = 500
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
