// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"
)

// console prints events with the time since the start. It is also the
// application's log handler, so that retries and transitions of the circuit
// breaker appear between the lines of the demo when they happen.
type console struct {
	begun time.Time
	mu    *sync.Mutex
	out   io.Writer
}

func newConsole(out io.Writer) *console {
	return &console{begun: time.Now(), mu: &sync.Mutex{}, out: out}
}

func (c *console) title(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.out, "\n%s\n", fmt.Sprintf(format, args...))
}

func (c *console) line(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fmt.Fprintf(c.out, "%7.3fs  %s\n", time.Since(c.begun).Seconds(), fmt.Sprintf(format, args...))
}

// Enabled implements slog.Handler.
func (c *console) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelInfo }

// WithAttrs implements slog.Handler.
func (c *console) WithAttrs([]slog.Attr) slog.Handler { return c }

// WithGroup implements slog.Handler.
func (c *console) WithGroup(string) slog.Handler { return c }

// Handle implements slog.Handler.
func (c *console) Handle(_ context.Context, r slog.Record) error {
	attributes := map[string]slog.Value{}
	r.Attrs(func(a slog.Attr) bool { attributes[a.Key] = a.Value; return true })
	switch r.Message {
	case "retrying a call":
		c.line("   retry    attempt %v failed, the next one in %v", attributes["attempt"], attributes["delay"])
	case "circuit breaker changed state":
		c.line("   circuit  %v -> %v", attributes["from"], attributes["to"])
	case "application context started", "application context stopped":
		c.line("%s: %v beans", r.Message, attributes["beans"])
	default:
		text := r.Message
		r.Attrs(func(a slog.Attr) bool { text += " " + a.String(); return true })
		c.line("%s %s", r.Level, text)
	}
	return nil
}
