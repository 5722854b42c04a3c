// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"fmt"
	"log/slog"
	"math"
	"strings"
)

const (
	// LevelTrace is the level "trace", below slog.LevelDebug.
	LevelTrace = slog.LevelDebug - 4
	// LevelOff is the level "off", above all others: it lets no record pass.
	LevelOff = slog.Level(math.MaxInt)
)

// wantLevel says what a level may be.
const wantLevel = "write trace, debug, info, warn, error or off, or a step from one of them such as info+2"

// parseLevel reads a level as a setting has it.
func parseLevel(text string) (level slog.Level, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "off" {
		return LevelOff, true
	}
	step, isTrace := strings.CutPrefix(text, "trace")
	if isTrace {
		text = "debug" + step
	}
	if err := level.UnmarshalText([]byte(text)); err != nil {
		return 0, false
	}
	if isTrace {
		level += LevelTrace - slog.LevelDebug
	}
	return level, true
}

// levelName is how a record tells its level.
func levelName(level slog.Level) string {
	switch {
	case level >= slog.LevelDebug:
		return level.String()
	case level == LevelTrace:
		return "TRACE"
	}
	return fmt.Sprintf("TRACE%+d", int(level-LevelTrace))
}
