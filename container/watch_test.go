// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// lines is a log that can be read while it is written.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

func TestChangedFilesArePublishedUnlessTheyAreWrong(t *testing.T) {
	path, draft := filepath.Join(t.TempDir(), "pyfly.yaml"), filepath.Join(t.TempDir(), "pyfly.yaml")
	write := func(content string) { // at once: an empty file would be a change of its own
		t.Helper()
		if err := os.WriteFile(draft, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(draft, path); err != nil {
			t.Fatal(err)
		}
	}
	write("shop: {size: 1}\n")
	cfg, err := config.Load(config.File(path))
	if err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	app := container.NewApplicationContext(container.WithConfig(cfg), container.WithLogger(slog.New(slog.NewTextHandler(log, nil))))
	app.AddValidator(func(cfg *config.Config) error {
		size, _, err := config.Value[int](cfg, "shop.size")
		if size == 3 {
			return (*badError)(nil)
		}
		return err
	})
	changes := make(chan config.Changed, 10)
	app.Register(func(events *lifecycle.Events) *strings.Builder {
		lifecycle.Subscribe(events, func(c config.Changed) { changes <- c })
		return &strings.Builder{}
	})
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually := func(what string, content string, done func() bool) {
		t.Helper()
		deadline, again := time.After(10*time.Second), time.NewTicker(300*time.Millisecond)
		defer again.Stop()
		for write(content); !done(); write(content) {
			select {
			case <-again.C:
			case <-deadline:
				t.Fatalf("%s: %s", what, log.text.String())
			}
		}
	}
	eventually("a change is not published", "shop: {size: 2}\n", func() bool { return len(changes) > 0 })
	if c := <-changes; c.Config.String("shop.size", "") != "2" || len(c.Keys) != 1 || c.Keys[0] != "shop.size" {
		t.Errorf("got %v", c.Keys)
	}
	eventually("a wrong value is not reported", "shop: {size: many}\n", func() bool { return log.count("configuration not changed") > 0 })
	eventually("a wrong file is not reported", "shop: [\n", func() bool { return log.count("configuration not changed") > 1 })
	eventually("a bad error is not reported", "shop: {size: 3}\n", func() bool { return log.count("badError (nil)") > 0 })
	if len(changes) > 0 || log.count("configuration not changed") > 3 {
		t.Errorf("%d changes, %s", len(changes), log.text.String())
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}
