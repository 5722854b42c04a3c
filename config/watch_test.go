// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/kernel"
)

// watching is a run of Watch in a bubble, where time passes as the test says.
type watching struct {
	t     *testing.T
	mu    sync.Mutex // held by the test unless it waits
	told  []string   // "name [keys]" for a change, else the error
	errs  []error
	last  *config.Config
	begun time.Time
	at    []time.Duration // when it was told
}

// watchFiles loads files in a new working directory and runs test while they are
// watched.
func watchFiles(t *testing.T, files map[string]string, test func(w *watching), opts ...config.Option) {
	t.Helper()
	inFolder(t, files)
	synctest.Test(t, func(t *testing.T) {
		cfg, err := config.Load(opts...)
		require.NoError(t, err)
		w := startWatch(t, cfg)
		w.wait(time.Second)
		require.Empty(t, w.told, "told without a change")
		test(w)
	})
}

// startWatch watches until the test ends.
func startWatch(t *testing.T, cfg *config.Config, checks ...func(*config.Config) error) *watching {
	w := &watching{t: t, last: cfg, begun: time.Now()}
	w.mu.Lock()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- config.Watch(ctx, cfg, w.changed, checks...) }()
	t.Cleanup(func() {
		w.mu.Unlock()
		cancel()
		assert.NoError(t, <-done)
	})
	return w
}

func (w *watching) changed(c config.Changed, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.at = append(w.at, time.Since(w.begun))
	if err != nil {
		w.told, w.errs = append(w.told, err.Error()), append(w.errs, err)
		return
	}
	w.last = c.Config
	w.told = append(w.told, fmt.Sprintf("%s %v", c.Config.String("name", "-"), c.Keys))
}

func (w *watching) write(path, content string) {
	w.t.Helper()
	require.NoError(w.t, os.WriteFile(path, []byte(content), 0o600))
}

func (w *watching) remove(path string) {
	w.t.Helper()
	require.NoError(w.t, os.Remove(path))
}

func (w *watching) wait(d time.Duration) {
	w.mu.Unlock()
	time.Sleep(d)
	synctest.Wait()
	w.mu.Lock()
}

// tells checks what was told since the last call, after some time.
func (w *watching) tells(want ...string) {
	w.t.Helper()
	w.wait(5 * time.Second)
	w.hasTold(want...)
}

func (w *watching) hasTold(want ...string) {
	w.t.Helper()
	require.Len(w.t, w.told, len(want), "told %q", w.told)
	for i := range want {
		assert.Contains(w.t, w.told[i], want[i])
	}
	w.told, w.errs, w.at = nil, nil, nil
}

func TestAChangedFileIsReadAgain(t *testing.T) {
	watchFiles(t, map[string]string{"pyfly.yaml": "name: one\nb: {c: x, d: [1, 2]}\ne: same\n"}, func(w *watching) {
		w.write("pyfly.yaml", "name: two\nb: {d: [1, 3]}\ne: same\nf: {g: new}\n")
		w.wait(time.Second)
		w.hasTold("two [b.c b.d f.g name]")
		assert.Equal(t, "new", w.last.String("f.g", ""))
	})
}

func TestWithoutSourcesThereIsNothingToWatch(t *testing.T) {
	require.NoError(t, config.Watch(t.Context(), config.New(map[string]any{"a": 1}), nil))
}

func TestAWrongFileIsToldOnceAndChangesNothing(t *testing.T) {
	watchFiles(t, map[string]string{"pyfly.yaml": "name: one\n"}, func(w *watching) {
		for range 3 {
			w.write("pyfly.yaml", "name: [\n")
			w.wait(2 * time.Second)
			w.write("pyfly.yaml", "other: 1\nname: [\n")
			w.wait(2 * time.Second)
			w.write("pyfly.yaml", "name: [\n")
			w.wait(2 * time.Second)
		}
		require.Len(w.t, w.errs, 7)
		for _, err := range w.errs {
			assert.ErrorIs(w.t, err, kernel.ErrConfig)
		}
		w.told = nil
		w.write("pyfly.yaml", "name: [\n# the same mistake\n")
		w.tells()
		w.write("pyfly.yaml", "name: two\n")
		w.tells("two [name]")
		w.write("pyfly.yaml", "name: [\n")
		w.tells("pyfly.yaml:1")
	})
}

// What a file is for a moment, or for longer, while somebody replaces it.
var lost = map[string]func(w *watching, path string){
	"removed":        func(w *watching, path string) { w.remove(path) },
	"empty":          func(w *watching, path string) { w.write(path, "") },
	"blank":          func(w *watching, path string) { w.write(path, "\n  \n") },
	"only a comment": func(w *watching, path string) { w.write(path, "# settings of the shop\n") },
	"null":           func(w *watching, path string) { w.write(path, "~\n") },
	"a bare ---":     func(w *watching, path string) { w.write(path, "---\n") },
	"a broken link":  func(w *watching, path string) { w.remove(path); require.NoError(w.t, os.Symlink("nowhere", path)) },
	"without folder": func(w *watching, path string) { require.NoError(w.t, os.Rename("config", "elsewhere")) },
	"in a file's place": func(w *watching, path string) {
		require.NoError(w.t, os.RemoveAll("config"))
		w.write("config", "no folder")
	},
}

func TestAMissingOrEmptyFileRemovesNoSettings(t *testing.T) {
	files := map[string]string{
		"config/pyfly.yaml":      "pyfly.profiles.active: prod\nname: one\nbase: 1\n",
		"config/pyfly-prod.yaml": "name: prod\nprofile: 1\n",
	}
	for name, lose := range lost {
		for path, content := range files {
			t.Run(name+": "+path, func(t *testing.T) {
				restore := func(w *watching, content string) {
					if _, err := os.Stat("elsewhere"); err == nil {
						require.NoError(w.t, os.Rename("elsewhere", "config"))
					}
					if info, err := os.Stat("config"); err == nil && !info.IsDir() {
						w.remove("config")
					}
					_ = os.Mkdir("config", 0o755)
					for other, content := range files {
						if _, err := os.Stat(other); err != nil {
							_ = os.Remove(other)
							w.write(other, content)
						}
					}
					w.write(path, content)
				}
				watchFiles(t, files, func(w *watching) {
					for _, moment := range []time.Duration{100, 300, 600, 800} {
						lose(w, path)
						w.wait(moment * time.Millisecond)
						restore(w, content)
						w.wait(moment * time.Millisecond)
					}
					w.tells()
					lose(w, path) // for ever
					w.wait(time.Minute)
					require.Len(t, w.errs, 1, "told %q", w.told)
					assert.True(t, errors.Is(w.errs[0], fs.ErrNotExist) || errors.Is(w.errs[0], io.ErrUnexpectedEOF), "%v", w.errs[0])
					assert.Contains(t, w.told[0], "stay as they are")
					w.told = nil
					assert.Equal(t, "prod", w.last.String("name", ""))
					restore(w, content)
					w.tells()
					restore(w, strings.Replace(content, "1", "2", 1))
					w.wait(5 * time.Second)
					require.Len(t, w.told, 1, "told %q", w.told)
				})
			})
		}
	}
}

func TestBracesRemoveAllSettings(t *testing.T) {
	watchFiles(t, map[string]string{"pyfly.yaml": "name: one\n"}, func(w *watching) {
		w.write("pyfly.yaml", "{}\n")
		w.tells("- [name]")
		w.remove("pyfly.yaml")
		w.tells("stay as they are")
	})
}

func TestAFileThatHeldNothingMayGo(t *testing.T) {
	watchFiles(t, map[string]string{"pyfly.yaml": "name: one\n", "pyfly-prod.yaml": "# to come\n"}, func(w *watching) {
		w.remove("pyfly-prod.yaml")
		w.tells()
		w.write("pyfly-prod.yaml", "name: prod\n")
		w.tells("prod [name]")
	}, config.Profiles("prod"))
}

func TestHalfWrittenFilesAreWaitedFor(t *testing.T) {
	parts := []string{"name: two\nlist:\n", "  - a\n  - b", "c\n  - d\nshop: {size: ", "5}\n", "end: 1\n"}
	for _, pause := range []time.Duration{10, 50, 120} {
		t.Run((pause * time.Millisecond).String(), func(t *testing.T) {
			watchFiles(t, map[string]string{"pyfly.yaml": "name: one\nlist: [a]\nend: 1\n"}, func(w *watching) {
				w.write("pyfly.yaml", "")
				file, err := os.OpenFile("pyfly.yaml", os.O_WRONLY, 0)
				require.NoError(t, err)
				for _, part := range parts {
					w.wait(pause * time.Millisecond)
					_, err := file.WriteString(part)
					require.NoError(t, err)
				}
				require.NoError(t, file.Close())
				w.tells("two [list name shop.size]")
			})
		})
	}
}

func TestFilesThatChangeAllTheTimeAreAppliedWithinASecond(t *testing.T) {
	for name, write := range map[string]func(w *watching, content string){
		"written": func(w *watching, content string) { w.write("pyfly.yaml", content) },
		"truncated between": func(w *watching, content string) {
			w.write("pyfly.yaml", "")
			w.wait(7 * time.Millisecond)
			w.write("pyfly.yaml", content)
		},
		"replaced": func(w *watching, content string) {
			w.write("new", content)
			require.NoError(w.t, os.Rename("new", "pyfly.yaml"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			watchFiles(t, map[string]string{"pyfly.yaml": "name: one\n"}, func(w *watching) {
				w.begun = time.Now()
				for i := range 300 {
					write(w, fmt.Sprintf("name: n%d\n", i))
					w.wait(13 * time.Millisecond)
				}
				w.wait(time.Second)
				require.NotEmpty(t, w.at)
				before := time.Duration(0)
				for _, at := range w.at {
					assert.LessOrEqual(t, at-before, time.Second)
					before = at
				}
				assert.Empty(t, w.errs)
				assert.Equal(t, "n299", w.last.String("name", ""))
			})
		})
	}
}

func TestEveryWayOfReplacingAFileIsSeen(t *testing.T) {
	symlink := func(w *watching, target, link string) {
		require.NoError(w.t, os.Symlink(target, link+".new"))
		require.NoError(w.t, os.Rename(link+".new", link))
	}
	files := map[string]string{"v1/pyfly.yaml": "name: one\n", "v2/pyfly.yaml": "name: two\n"}
	for name, c := range map[string]struct{ before, after func(w *watching) }{
		"written": {
			func(w *watching) { w.write("pyfly.yaml", "name: one\n") },
			func(w *watching) { w.write("pyfly.yaml", "name: two\n") },
		},
		"renamed over": {
			func(w *watching) { w.write("pyfly.yaml", "name: one\n") },
			func(w *watching) {
				w.write(".pyfly.yaml.swp", "name: two\n")
				require.NoError(w.t, os.Rename(".pyfly.yaml.swp", "pyfly.yaml"))
			},
		},
		"removed and written": {
			func(w *watching) { w.write("pyfly.yaml", "name: one\n") },
			func(w *watching) {
				w.remove("pyfly.yaml")
				w.wait(3 * time.Second)
				require.Len(w.t, w.errs, 1)
				w.told = nil
				w.write("pyfly.yaml", "name: two\n")
			},
		},
		"same size and time": {
			func(w *watching) { w.write("pyfly.yaml", "name: one\n") },
			func(w *watching) {
				info, err := os.Stat("pyfly.yaml")
				require.NoError(w.t, err)
				w.write("pyfly.yaml", "name: two\n")
				require.NoError(w.t, os.Chtimes("pyfly.yaml", info.ModTime(), info.ModTime()))
			},
		},
		"the file behind a link": {
			func(w *watching) { symlink(w, "v1/pyfly.yaml", "pyfly.yaml") },
			func(w *watching) { w.write("v1/pyfly.yaml", "name: two\n") },
		},
		"the link": {
			func(w *watching) { symlink(w, "v1/pyfly.yaml", "pyfly.yaml") },
			func(w *watching) { symlink(w, "v2/pyfly.yaml", "pyfly.yaml") },
		},
		"a link by a file": {
			func(w *watching) { symlink(w, "v1/pyfly.yaml", "pyfly.yaml") },
			func(w *watching) {
				w.write("new", "name: two\n")
				require.NoError(w.t, os.Rename("new", "pyfly.yaml"))
			},
		},
		"a ConfigMap": {
			func(w *watching) {
				symlink(w, "v1", "..data")
				symlink(w, "..data/pyfly.yaml", "pyfly.yaml")
			},
			func(w *watching) { symlink(w, "v2", "..data") },
		},
		"a ConfigMap through a link": {
			func(w *watching) {
				symlink(w, "v1", "..data")
				require.NoError(w.t, os.Mkdir("etc", 0o755))
				symlink(w, "../..data/pyfly.yaml", "etc/settings.yaml")
				symlink(w, "etc/settings.yaml", "pyfly.yaml")
			},
			func(w *watching) { symlink(w, "v2", "..data") },
		},
		"the folder behind a link": {
			func(w *watching) { symlink(w, "v1", "config") },
			func(w *watching) { symlink(w, "v2", "config") },
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFolder(t, files)
			w := &watching{t: t}
			c.before(w)
			synctest.Test(t, func(t *testing.T) {
				cfg, err := config.Load()
				require.NoError(t, err)
				w = startWatch(t, cfg)
				w.tells()
				c.after(w)
				w.wait(time.Second)
				w.hasTold("two [name]")
			})
		})
	}
}

func TestChangesBetweenLoadAndWatchAreSeen(t *testing.T) {
	inFolder(t, map[string]string{"pyfly.yaml": "name: one\n"})
	synctest.Test(t, func(t *testing.T) {
		cfg, err := config.Load()
		require.NoError(t, err)
		w := &watching{t: t}
		w.write("pyfly.yaml", "name: two\n")
		time.Sleep(time.Hour)
		w = startWatch(t, cfg)
		w.wait(time.Second)
		w.hasTold("two [name]")
	})
}

func TestFilesThatDidNotExistAreSeen(t *testing.T) {
	watchFiles(t, nil, func(w *watching) {
		w.write("pyfly-prod.yaml", "name: prod\n")
		w.tells("prod [name]")
		w.write("pyfly.yaml", "name: base\nother: 1\n")
		w.tells("prod [other]")
		require.NoError(w.t, os.Mkdir("config", 0o755))
		w.write("config/pyfly.yaml", "other: 2\n") // the base file is found
		w.tells()
	}, config.Profiles("prod"))
}

func TestTheWorkingDirectoryIsThatOfTheLoad(t *testing.T) {
	watchFiles(t, map[string]string{"pyfly.yaml": "name: one\n"}, func(w *watching) {
		path, err := filepath.Abs("pyfly.yaml")
		require.NoError(t, err)
		w.t.Chdir(t.TempDir())
		w.tells()
		w.write(path, "name: two\n")
		w.tells("two [name]")
	})
}

func TestAPipeIsReadOnce(t *testing.T) {
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	_, err = writer.WriteString("name: one\n")
	require.NoError(t, err)
	require.NoError(t, writer.Close())
	defer func() { _ = reader.Close() }()
	path := fmt.Sprintf("/dev/fd/%d", reader.Fd())
	if _, err := os.Stat(path); err != nil {
		t.Skip(err)
	}
	watchFiles(t, nil, func(w *watching) { w.tells() }, config.File(path))
}

func TestAProfileThatIsSwitchedIsWatched(t *testing.T) {
	files := map[string]string{
		"pyfly.yaml":      "pyfly.profiles.active: prod\nname: base\nurl: http://${host:x}\n",
		"pyfly-prod.yaml": "name: prod\nhost: p\n", "pyfly-eu.yaml": "name: eu\nhost: e\n",
	}
	watchFiles(t, files, func(w *watching) {
		w.write("pyfly-eu.yaml", "name: europe\nhost: e\n")
		w.tells()
		w.write("pyfly.yaml", strings.Replace(files["pyfly.yaml"], "prod", "eu", 1))
		w.remove("pyfly-prod.yaml") // nobody needs it
		w.tells("europe [host name pyfly.profiles.active url]")
		assert.Equal(t, []string{"eu"}, w.last.Profiles())
		w.write("pyfly-eu.yaml", "name: eu\nhost: e\n")
		w.tells("eu [name]")
		w.write("pyfly.yaml", strings.Replace(files["pyfly.yaml"], "prod", "nowhere", 1))
		w.tells("base [host name pyfly.profiles.active url]")
	})
}

func TestAWrongFileOfANewProfileIsSeenToBeFixed(t *testing.T) {
	files := map[string]string{"pyfly.yaml": "name: base\n", "pyfly-eu.yaml": "name: [\n"}
	watchFiles(t, files, func(w *watching) {
		w.write("pyfly.yaml", "pyfly.profiles.active: eu\nname: base\n")
		w.tells("pyfly-eu.yaml:1")
		w.write("pyfly-eu.yaml", "name: eu\n")
		w.tells("eu [name pyfly.profiles.active]")
	})
}

func TestKeysDifferFromTheSettingsInForce(t *testing.T) {
	inFolder(t, map[string]string{"pyfly.yaml": "name: one\na: 1\n"})
	synctest.Test(t, func(t *testing.T) {
		cfg, err := config.Load()
		require.NoError(t, err)
		w := startWatch(t, cfg, func(next *config.Config) error {
			if next.String("a", "") == "2" {
				return errors.New("a is rejected")
			}
			return nil
		})
		w.write("pyfly.yaml", "name: two\na: 2\n")
		w.tells("a is rejected")
		w.write("pyfly.yaml", "name: three\na: 2\n")
		w.tells()
		w.write("pyfly.yaml", "name: three\na: 1\n")
		w.tells("three [name]") // a has not changed, and name has although it was rejected
		w.write("pyfly.yaml", "name: one\na: 2\n")
		w.tells("a is rejected")
		w.write("pyfly.yaml", "name: three\na: 1\n")
		w.tells()
	})
}

func TestReload(t *testing.T) {
	w := &watching{t: t}
	inFolder(t, map[string]string{"pyfly.yaml": "name: one\n"})
	cfg := load(t)
	same, err := cfg.Reload()
	require.NoError(t, err)
	assert.Same(t, cfg, same)

	w.write("pyfly.yaml", "name: two\n")
	next, err := cfg.Reload()
	require.NoError(t, err)
	assert.Equal(t, "two", next.String("name", ""))
	assert.Equal(t, "one", cfg.String("name", ""))

	w.write("pyfly.yaml", "")
	_, err = next.Reload()
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	w.remove("pyfly.yaml")
	_, err = next.Reload()
	require.ErrorIs(t, err, fs.ErrNotExist)
	wantError(t, err, "pyfly.yaml: this file is missing; its settings, and all others, stay as they are: restore the file, or write {} into it to remove its settings")
	w.write("pyfly.yaml", "name: [\n")
	_, err = next.Reload()
	require.ErrorContains(t, err, "pyfly.yaml:1")

	made := config.New(map[string]any{"a": 1})
	same, err = made.Reload()
	require.NoError(t, err)
	assert.Same(t, made, same)
}
