// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/kernel"
)

// patience is how long to wait for what must happen, generous for slow
// machines.
const patience = 10 * time.Second

// watched is a file that is watched.
type watched struct {
	t       *testing.T
	path    string
	changes chan config.Changed
	errs    chan error
}

func watch(t *testing.T, content string) *watched {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pyfly.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return watchLoaded(t, path, load(t, config.File(path)))
}

// watchLoaded watches what was loaded from the file at path.
func watchLoaded(t *testing.T, path string, cfg *config.Config) *watched {
	t.Helper()
	w := &watched{t, path, make(chan config.Changed, 10), make(chan error, 10)}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- config.Watch(ctx, cfg, func(c config.Changed, err error) {
			if err != nil {
				w.errs <- err
			} else {
				w.changes <- c
			}
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *watched) write(content string) {
	w.t.Helper()
	if err := os.WriteFile(w.path, []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// until writes content until it is seen: the watch may not have begun yet.
func (w *watched) until(content string) config.Changed {
	w.t.Helper()
	deadline, again := time.After(patience), time.NewTicker(time.Second)
	defer again.Stop()
	for w.write(content); ; w.write(content) {
		select {
		case c := <-w.changes:
			return c
		case <-again.C:
		case <-deadline:
			w.t.Fatal("the change was not seen")
		}
	}
}

func TestAChangedFileIsReadAgain(t *testing.T) {
	w := watch(t, "a: 1\nb: {c: x, d: [1, 2]}\ne: same\n")
	c := w.until("a: 2\nb: {d: [1, 3]}\ne: same\nf: {g: new}\n")
	if want := []string{"a", "b.c", "b.d", "f.g"}; !slices.Equal(c.Keys, want) {
		t.Errorf("changed %v, want %v", c.Keys, want)
	}
	if got := c.Config.String("f.g", ""); got != "new" {
		t.Errorf("f.g is %q", got)
	}
}

func TestAWrongFileIsToldOnceAndChangesNothing(t *testing.T) {
	w := watch(t, "a: 1\n")
	w.until("a: 2\n")
	w.write("a: [\n")
	select {
	case err := <-w.errs:
		if !errors.Is(err, kernel.ErrConfig) || !strings.Contains(err.Error(), "pyfly.yaml") {
			t.Errorf("got %v", err)
		}
	case <-time.After(patience):
		t.Fatal("the mistake was not told")
	}
	if c := w.until("a: 3\n"); !slices.Equal(c.Keys, []string{"a"}) {
		t.Errorf("changed %v", c.Keys)
	}
	if len(w.errs) > 0 {
		t.Errorf("told again: %v", <-w.errs)
	}
}

func TestAFileThatIsReplacedStaysWatched(t *testing.T) {
	w := watch(t, "a: 1\n")
	w.until("a: 2\n")
	other := w.path + ".new" // as editors and deployments do
	if err := os.WriteFile(other, []byte("a: 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(other, w.path); err != nil {
		t.Fatal(err)
	}
	select {
	case c := <-w.changes:
		if got := c.Config.String("a", ""); got != "3" {
			t.Errorf("a is %s", got)
		}
	case <-time.After(patience):
		t.Fatal("the replacement was not seen")
	}
	if err := os.Remove(w.path); err != nil {
		t.Fatal(err)
	}
	<-w.errs // it is gone
	w.until("a: 4\n")
}

func TestWithoutFilesThereIsNothingToWatch(t *testing.T) {
	if err := config.Watch(t.Context(), config.New(map[string]any{"a": 1}), nil); err != nil {
		t.Error(err)
	}
}
