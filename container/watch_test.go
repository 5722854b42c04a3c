// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

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

// inBubbleWith starts an application whose configuration is the file
// pyfly.yaml, in a bubble of time. The test changes the file by write.
func inBubbleWith(t *testing.T, content string, configure func(*container.ApplicationContext), test func(t *testing.T, app *container.ApplicationContext, log *lines, write func(string))) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pyfly.yaml")
	writeFile(t, path, content)
	synctest.Test(t, func(t *testing.T) {
		cfg, err := config.Load(config.File(path))
		require.NoError(t, err)
		log := &lines{}
		app := container.NewApplicationContext(container.WithConfig(cfg), container.WithLogger(slog.New(slog.NewTextHandler(log, nil))))
		configure(app)
		require.NoError(t, app.Start(t.Context()))
		test(t, app, log, func(content string) {
			t.Helper()
			writeFile(t, path, content)
			time.Sleep(2 * time.Second)
			synctest.Wait()
		})
		require.NoError(t, app.Stop(context.Background()))
	})
}

func TestChangedFilesArePublishedUnlessTheyAreWrong(t *testing.T) {
	changes := make(chan config.Changed, 10)
	inBubbleWith(t, "shop: {size: 1}\n", func(app *container.ApplicationContext) {
		app.AddValidator(func(cfg *config.Config) error {
			size, _, err := config.Value[int](cfg, "shop.size")
			if size == 3 {
				return (*badError)(nil)
			}
			return err
		})
		app.Register(func(events *lifecycle.Events) *strings.Builder {
			lifecycle.Subscribe(events, func(c config.Changed) { changes <- c })
			return &strings.Builder{}
		})
	}, func(t *testing.T, _ *container.ApplicationContext, log *lines, write func(string)) {
		write("shop: {size: 2}\n")
		require.Len(t, changes, 1)
		c := <-changes
		require.Equal(t, []string{"shop.size"}, c.Keys)
		require.Equal(t, "2", c.Config.String("shop.size", ""))

		const rejected = "level=ERROR msg=\"configuration not changed: its files are invalid\""
		for i, wrong := range []string{"shop: {size: many}\n", "shop: [\n", "shop: {size: 3}\n"} {
			write(wrong)
			require.Equal(t, i+1, log.count(rejected), wrong)
			require.Empty(t, changes)
		}
		require.Equal(t, 1, log.count("badError (nil)"))

		write("")
		write("")
		require.Equal(t, 1, log.count("level=WARN msg=\"configuration not changed: a file is missing or empty\""))
		require.Equal(t, 1, log.count("level=WARN"))
		require.Empty(t, changes)

		write("shop: {size: 2, name: x}\n") // the size that is in force
		require.Len(t, changes, 1)
		require.Equal(t, []string{"shop.name"}, (<-changes).Keys)
	})
}

// A key that nothing reads is warned of when it appears, and not at every change.
func TestAMisspeltKeyOfAChangeIsWarnedOf(t *testing.T) {
	type shop struct{ Size int }
	inBubbleWith(t, "pyfly.banner.mode: off\npyfly.ap.name: x\nshop.size: 1\n", func(app *container.ApplicationContext) {
		container.Properties[shop](app, "shop")
	}, func(t *testing.T, _ *container.ApplicationContext, log *lines, write func(string)) {
		const unknown = "msg=\"unknown setting: nothing reads it\" key="
		require.Equal(t, 1, log.count(unknown))
		write("# a line\npyfly.banner.mode: off\npyfly.ap.name: x\nshop.size: 2\nshop.sise: 3\n")
		require.Equal(t, 2, log.count(unknown))
		require.Equal(t, 1, log.count(unknown+"shop.sise at="))
		require.Equal(t, 1, log.count("nearest=shop.size"))
		write("pyfly.banner.mode: off\npyfly.ap.name: x\nshop.size: 3\nshop.sise: 4\n")
		require.Equal(t, 2, log.count(unknown))
		write("pyfly.banner.mode: off\nshop.size: 3\n")
		write("pyfly.banner.mode: off\nshop.size: 3\nshop.sise: 4\n")
		require.Equal(t, 3, log.count(unknown))
	})
}

func TestWatchingCanBeTurnedOff(t *testing.T) {
	inBubbleWith(t, "pyfly.config.watch: off\nshop.size: 1\n", func(app *container.ApplicationContext) {
		lifecycle.Subscribe(app.Events(), func(c config.Changed) { t.Errorf("changed %v", c.Keys) })
	}, func(t *testing.T, _ *container.ApplicationContext, log *lines, write func(string)) {
		write("shop.size: 2\n")
		require.Zero(t, log.count("changed"))
	})
}
