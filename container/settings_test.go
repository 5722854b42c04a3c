// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

type worker struct{ size string }

// inFolderWith runs a test in a folder of its own, in a bubble of time.
func inFolderWith(t *testing.T, files map[string]string, test func(t *testing.T, log *lines, app *container.ApplicationContext)) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range files {
		writeFile(t, name, content)
	}
	synctest.Test(t, func(t *testing.T) {
		log := &lines{}
		test(t, log, container.NewApplicationContext(container.WithLogger(slog.New(slog.NewTextHandler(log, nil)))))
	})
}

func stop(t *testing.T, app *container.ApplicationContext) {
	t.Helper()
	require.NoError(t, app.Stop(context.Background()))
}

func TestASecondStartUsesWhatTheFilesSayNow(t *testing.T) {
	inFolderWith(t, map[string]string{"pyfly.yaml": "size: 1\n"}, func(t *testing.T, log *lines, app *container.ApplicationContext) {
		app.Register(func(cfg *config.Config) *worker { return &worker{size: cfg.String("size", "")} })
		app.Register(func() *english { return &english{} }, container.OnProperty("size", "4"))
		starts := func(size string) *worker {
			require.NoError(t, app.Start(t.Context()))
			w := container.Must(container.Get[*worker](app))
			assert.Equal(t, size, w.size)
			assert.Equal(t, size, app.Config().String("size", ""))
			stop(t, app)
			return w
		}
		starts("1")
		writeFile(t, "pyfly.yaml", "size: 2\n")
		starts("2")

		require.NoError(t, app.Start(t.Context())) // changed while it runs, and wrong then
		writeFile(t, "pyfly.yaml", "size: 3\n")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Equal(t, 1, log.count("configuration changed"))
		stop(t, app)
		require.NoError(t, os.Remove("pyfly.yaml"))
		starts("3")
		assert.Equal(t, 1, log.count("level=WARN msg=\"configuration not read again: a file is missing or empty\""))

		writeFile(t, "pyfly.yaml", "size: [\n")
		var report *container.StartupError
		require.ErrorAs(t, app.Start(t.Context()), &report)
		assert.Contains(t, only(t, report, container.CodeConfig).What, "pyfly.yaml:1")

		writeFile(t, "pyfly.yaml", "size: 4\n")
		require.NoError(t, app.Start(t.Context()))
		_, err := container.Get[*english](app)
		require.NoError(t, err, "conditions are those of the first start")
		stop(t, app)
	})
}

func TestAFileThatIsWrittenDuringASecondStartIsWaitedFor(t *testing.T) {
	inFolderWith(t, map[string]string{"pyfly.yaml": "size: 1\n"}, func(t *testing.T, log *lines, app *container.ApplicationContext) {
		require.NoError(t, app.Start(t.Context()))
		stop(t, app)
		writeFile(t, "pyfly.yaml", "")
		time.AfterFunc(300*time.Millisecond, func() { writeFile(t, "pyfly.yaml", "size: 2\n") })
		require.NoError(t, app.Start(t.Context()))
		assert.Equal(t, "2", app.Config().String("size", ""))
		assert.Zero(t, log.count("WARN"))
		stop(t, app)

		writeFile(t, "pyfly.yaml", "")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begun := time.Now()
		assert.ErrorIs(t, app.Start(ctx), context.Canceled)
		assert.Zero(t, time.Since(begun), "a start that was given up waits")
	})
}

func TestAConfigurationThatCouldNotBeReadIsReadAgain(t *testing.T) {
	inFolderWith(t, map[string]string{"pyfly.yaml": "size: [\n"}, func(t *testing.T, _ *lines, app *container.ApplicationContext) {
		for range 2 {
			var report *container.StartupError
			require.ErrorAs(t, app.Start(t.Context()), &report)
			only(t, report, container.CodeConfig)
		}
		writeFile(t, "pyfly.yaml", "size: 2\n")
		require.NoError(t, app.Start(t.Context()))
		assert.Equal(t, "2", app.Config().String("size", ""))
		stop(t, app)
	})
}

func TestASecondStartKnowsTheKeysThatTheFirstHasRead(t *testing.T) {
	inFolderWith(t, map[string]string{"pyfly.yaml": "pyfly.mine: 1\n"}, func(t *testing.T, log *lines, app *container.ApplicationContext) {
		app.Config().String("pyfly.mine", "") // at registration
		for _, content := range []string{"pyfly.mine: 1\n", "pyfly.mine: 2\n"} {
			writeFile(t, "pyfly.yaml", content)
			require.NoError(t, app.Start(t.Context()))
			stop(t, app)
		}
		assert.Zero(t, log.count("unknown setting"))
	})
}

type liveSettings struct {
	Size int      `koanf:"size"`
	Tags []string `koanf:"tags"`
}

func (s *liveSettings) Validate() error {
	if s.Size == 3 {
		return errors.New("size: is rejected")
	}
	return nil
}

// change is what a subscriber was told.
type change struct{ old, new int }

// changes is what a subscriber was told so far.
type changes struct {
	mu   sync.Mutex
	list []change
}

func (c *changes) note(old, new *liveSettings) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, change{old.Size, new.Size})
}

func (c *changes) all() []change {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

func TestLivePropertiesFollowTheFiles(t *testing.T) {
	const first = "shop: {size: 1, tags: [a]}\nother: 1\n"
	for name, register := range map[string]func(app *container.ApplicationContext) (load func() *liveSettings){
		"a handle": func(app *container.ApplicationContext) func() *liveSettings {
			return container.LiveProperties[liveSettings](app, "shop").Load
		},
		"a parameter": func(app *container.ApplicationContext) (load func() *liveSettings) {
			container.LiveProperties[liveSettings](app, "shop")
			app.Register(func(l container.Live[liveSettings]) *worker { load = l.Load; return &worker{} })
			return func() *liveSettings { return load() }
		},
		"a pointer": func(app *container.ApplicationContext) (load func() *liveSettings) {
			container.LiveProperties[liveSettings](app, "shop")
			app.Register(func(l *container.Live[liveSettings]) *worker { load = l.Load; return &worker{} })
			return func() *liveSettings { return load() }
		},
		"beside properties": func(app *container.ApplicationContext) (load func() *liveSettings) {
			container.Properties[liveSettings](app, "shop")
			app.Register(func(_ *liveSettings, l container.Live[liveSettings]) *worker { load = l.Load; return &worker{} })
			return func() *liveSettings { return load() }
		},
		"a pointer beside properties": func(app *container.ApplicationContext) (load func() *liveSettings) {
			container.Properties[liveSettings](app, "shop")
			app.Register(func(l *container.Live[liveSettings]) *worker { load = l.Load; return &worker{} })
			return func() *liveSettings { return load() }
		},
	} {
		t.Run(name, func(t *testing.T) {
			var load func() *liveSettings
			inBubbleWith(t, first, func(app *container.ApplicationContext) {
				load = register(app)
				app.AddValidator(func(cfg *config.Config) error {
					if cfg.String("other", "") == "3" {
						return errors.New("other is rejected")
					}
					return nil
				})
			}, func(t *testing.T, _ *container.ApplicationContext, _ *lines, write func(string)) {
				one := load()
				require.Equal(t, &liveSettings{1, []string{"a"}}, one)
				write("shop: {size: 2, tags: [b]}\nother: 1\n")
				require.Equal(t, &liveSettings{2, []string{"b"}}, load())
				require.Equal(t, &liveSettings{1, []string{"a"}}, one, "the old value was changed")
				two := load()
				for _, rejected := range []string{
					"shop: {size: 3}\nother: 1\n", "shop: {size: x}\nother: 1\n", "shop: {size: 4}\nother: 3\n", "shop: [\n", "",
				} {
					write(rejected)
					require.Same(t, two, load(), rejected)
				}
				write("shop: {size: 2, tags: [b]}\nother: 2\n")
				require.Same(t, two, load(), "replaced though it has not changed")
			})
		})
	}
}

func TestSubscribersOfLiveProperties(t *testing.T) {
	var early, late, stopped changes
	var live container.Live[liveSettings]
	inBubbleWith(t, "shop: {size: 1}\n", func(app *container.ApplicationContext) {
		live = container.LiveProperties[liveSettings](app, "shop")
		live.Subscribe(func(_, _ *liveSettings) { panic("no matter") })
		live.Subscribe(early.note)
		app.Register(func(l container.Live[liveSettings]) *worker { l.Subscribe(late.note); return &worker{} })
	}, func(t *testing.T, app *container.ApplicationContext, log *lines, write func(string)) {
		end := live.Subscribe(stopped.note)
		write("shop: {size: 2}\n")
		end()
		end()
		write("shop: {size: 3}\n") // rejected
		write("shop: {size: 4}\nother: 1\n")
		write("shop: {size: 4}\nother: 2\n")
		require.Equal(t, []change{{1, 2}, {2, 4}}, early.all())
		require.Equal(t, early.all(), late.all())
		require.Equal(t, []change{{1, 2}}, stopped.all())
		require.Equal(t, 2, log.count("a subscriber of changed properties panicked"))

		// A second start: the bean of the first hears nothing more.
		stop(t, app)
		require.NoError(t, app.Start(t.Context()))
		write("shop: {size: 5}\n")
		require.Equal(t, change{4, 5}, early.all()[2])
		require.Equal(t, early.all(), late.all())

		stop(t, app)
		write("shop: {size: 6}\n")
		require.NoError(t, app.Start(t.Context()))
		synctest.Wait()
		require.Equal(t, 6, live.Load().Size)
		require.Equal(t, change{5, 6}, early.all()[3])
		require.Len(t, late.all(), 3)
	})
}

func TestASubscriberOfLivePropertiesThatHangsHarmsNobody(t *testing.T) {
	var told changes
	release := make(chan struct{})
	inBubbleWith(t, "shop: {size: 1}\n", func(app *container.ApplicationContext) {
		release = make(chan struct{})
		first := container.LiveProperties[liveSettings](app, "shop")
		first.Subscribe(func(_, _ *liveSettings) { <-release })
		first.Subscribe(func(_, _ *liveSettings) { runtime.Goexit() })
		first.Subscribe(told.note)
	}, func(t *testing.T, _ *container.ApplicationContext, log *lines, write func(string)) {
		write("shop: {size: 2}\n")
		require.Empty(t, told.all(), "subscribers are called one after another")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []change{{1, 2}}, told.all())
		require.Equal(t, 1, log.count("hangs: it did not return within its limit"))
		write("shop: {size: 4}\n")
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, []change{{1, 2}, {2, 4}}, told.all())
		close(release)
	})
}

func TestLivePropertiesSeeEachOther(t *testing.T) {
	type other struct{ Size int }
	seen := make(chan int, 10)
	inBubbleWith(t, "a: {size: 1}\nb: {size: 1}\n", func(app *container.ApplicationContext) {
		first := container.LiveProperties[liveSettings](app, "a")
		second := container.LiveProperties[other](app, "b")
		first.Subscribe(func(_, _ *liveSettings) { seen <- second.Load().Size })
		second.Subscribe(func(_, _ *other) { seen <- first.Load().Size })
	}, func(t *testing.T, _ *container.ApplicationContext, _ *lines, write func(string)) {
		write("a: {size: 2}\nb: {size: 2}\n")
		require.Equal(t, []int{2, 2}, []int{<-seen, <-seen})
		require.Empty(t, seen)
	})
}

func TestLivePropertiesWithoutAStart(t *testing.T) {
	live := container.LiveProperties[liveSettings](newApp(container.WithConfig(config.New(map[string]any{"shop.size": 7}))), "shop")
	assert.Equal(t, 7, live.Load().Size)
	assert.Same(t, live.Load(), live.Load())
	wrong := container.LiveProperties[liveSettings](newApp(container.WithConfig(config.New(map[string]any{"shop": map[string]any{"size": "x", "tags": "a"}}))), "shop")
	assert.Equal(t, &liveSettings{0, []string{"a"}}, wrong.Load())
	var zero container.Live[liveSettings]
	assert.Nil(t, zero.Load())
	zero.Subscribe(nil)()
}

func TestWrongLivePropertiesStopTheStart(t *testing.T) {
	app := newApp(container.WithConfig(config.New(map[string]any{"shop.size": "x"})))
	container.LiveProperties[liveSettings](app, "shop")
	only(t, startFails(t, app), container.CodeConfig)
}

type watcherSettings struct {
	PageSize int `koanf:"page-size"`
	Regions  map[string]struct{ URL string }
	Labels   map[string]string
}

func TestVariablesSetTheKeysOfProperties(t *testing.T) {
	t.Setenv("PYFLY_WATCHER_PAGE_SIZE", "5")
	t.Setenv("PYFLY_WATCHER_REGIONS_EU_URL", "x")
	t.Setenv("PYFLY_OTHER_PAGE_SIZE", "6")
	for name, register := range map[string]func(app *container.ApplicationContext) func() *watcherSettings{
		"properties": func(app *container.ApplicationContext) func() *watcherSettings {
			container.Properties[watcherSettings](app, "watcher")
			return func() *watcherSettings { return container.Must(container.Get[*watcherSettings](app)) }
		},
		"live properties": func(app *container.ApplicationContext) func() *watcherSettings {
			return container.LiveProperties[watcherSettings](app, "watcher").Load
		},
	} {
		t.Run(name, func(t *testing.T) {
			inFolderWith(t, map[string]string{"pyfly.yaml": "watcher.page-size: 1\n"}, func(t *testing.T, log *lines, app *container.ApplicationContext) {
				load := register(app)
				assert.Equal(t, "5", app.Config().String("watcher.page-size", ""), "before the start")
				app.Register(func() *english { return &english{} }, container.OnProperty("watcher.page-size", "5"))
				require.NoError(t, app.Start(t.Context()))
				assert.Equal(t, 5, load().PageSize)
				assert.Equal(t, "x", load().Regions["eu"].URL)
				assert.Equal(t, "5", app.Config().String("watcher.pagesize", ""))
				_, err := container.Get[*english](app)
				assert.NoError(t, err)
				assert.Equal(t, 1, log.count("unknown setting"))
				assert.Equal(t, 1, log.count(`key=pyfly.other.page.size`))
				assert.Equal(t, 1, log.count(`config.Env(\"OTHER\")`))

				writeFile(t, "pyfly.yaml", "watcher: {page-size: 2, labels: {a: b}}\n")
				time.Sleep(2 * time.Second)
				synctest.Wait()
				assert.Equal(t, 1, log.count("keys=[watcher.labels.a]"))
				stop(t, app)
				require.NoError(t, app.Start(t.Context()))
				assert.Equal(t, 5, load().PageSize)
				assert.Equal(t, "b", load().Labels["a"])
				stop(t, app)
			})
		})
	}
}

func TestMisspeltKeysOfPropertiesAreWarnedOf(t *testing.T) {
	inFolderWith(t, map[string]string{"pyfly.yaml": `watcher:
  pagesiz: 1
  regions: {eu: {url: x, ulr: y}}
  labels: {whatever: fits}
pyfly.watcher.pagesiz: 2
elsewhere: 1
`}, func(t *testing.T, log *lines, app *container.ApplicationContext) {
		container.Properties[watcherSettings](app, "watcher")
		container.Properties[liveSettings](app, "watcher.regions.eu")
		require.NoError(t, app.Start(t.Context()))
		for _, want := range []string{
			"key=watcher.pagesiz at=pyfly.yaml:2 nearest=watcher.page-size\n", "key=watcher.regions.eu.ulr at=pyfly.yaml:3 nearest=watcher.regions.eu.url\n",
			"key=pyfly.watcher.pagesiz at=pyfly.yaml:5",
		} {
			assert.Equal(t, 1, log.count(want), want)
		}
		assert.Equal(t, 3, log.count("unknown setting"))
		stop(t, app)
	})
}

func TestOneWrongSettingIsOneProblem(t *testing.T) {
	cfg := config.New(map[string]any{"shop": map[string]any{"timeout": "soon", "size": "many"}})
	app := newApp(container.WithConfig(cfg))
	for _, key := range []string{"shop.timeout", "shop.timeout", "shop.size", "shop.timeout"} {
		app.AddValidator(func(cfg *config.Config) error {
			_, _, err := config.Value[time.Duration](cfg, key)
			return err
		})
	}
	report := startFails(t, app)
	require.Len(t, report.Problems, 2, "%v", report)

	require.Len(t, startFails(t, twice(errors.New("a declaration is wrong"))).Problems, 2, "these may be two")
}

func twice(err error) *container.ApplicationContext {
	app := newApp()
	for range 2 {
		app.AddValidator(func(*config.Config) error { return err })
	}
	return app
}

func TestOneWrongSettingIsToldOnceByAChange(t *testing.T) {
	inFolderWith(t, map[string]string{"pyfly.yaml": "size: 1\n"}, func(t *testing.T, log *lines, app *container.ApplicationContext) {
		for range 3 {
			app.AddValidator(func(cfg *config.Config) error {
				_, _, size := config.Value[int](cfg, "size")
				_, _, name := config.Value[int](cfg, "name")
				return errors.Join(size, name)
			})
		}
		require.NoError(t, app.Start(t.Context()))
		writeFile(t, "pyfly.yaml", "size: x\nname: y\n")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Equal(t, 1, log.count("pyfly.yaml:1: size"))
		assert.Equal(t, 1, log.count("pyfly.yaml:2: name"))
		stop(t, app)
	})
}

func TestTheStartRecordTellsWhereSettingsComeFrom(t *testing.T) {
	files := map[string]string{"pyfly.yaml": "a: 1\n", "pyfly-prod.yaml": "a: 2\n"}
	t.Setenv("PYFLY_PROFILES_ACTIVE", "prod, named, excluded, typo")
	inFolderWith(t, files, func(t *testing.T, log *lines, app *container.ApplicationContext) {
		app.Register(newEnglish, container.Profile("named & !excluded"))
		require.NoError(t, app.Start(t.Context()))
		assert.Equal(t, 1, log.count(`profiles="[prod named excluded typo]" unknown_profiles=[typo] files="[pyfly.yaml pyfly-prod.yaml]"`))
		stop(t, app)
	})
	t.Setenv("PYFLY_PROFILES_ACTIVE", "")
	inFolderWith(t, nil, func(t *testing.T, log *lines, app *container.ApplicationContext) {
		require.NoError(t, app.Start(t.Context()))
		assert.Zero(t, log.count("files="))
		assert.Zero(t, log.count("profiles="))
		stop(t, app)
	})
}
