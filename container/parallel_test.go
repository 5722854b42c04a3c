// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func asSlowAs(d time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func withParallelism(n int) container.Option {
	return container.WithConfig(config.New(map[string]any{"pyfly.context.start-parallelism": n}))
}

// took starts a context in a bubble and returns how long that, and the stop, took.
func took(t *testing.T, app *container.ApplicationContext) (start, stop time.Duration) {
	t.Helper()
	begun := time.Now()
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	start, begun = time.Since(begun), time.Now()
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	return start, time.Since(begun)
}

func TestBeansStartAndStopSideBySideUpToTheLimit(t *testing.T) {
	const beans = 10
	rounds := func(parallelism int) time.Duration {
		return time.Duration((beans + parallelism - 1) / parallelism)
	}
	tests := map[string]struct {
		opts []container.Option
		want time.Duration
	}{
		"one":              {[]container.Option{withParallelism(1)}, 10},
		"four":             {[]container.Option{withParallelism(4)}, 3},
		"more than enough": {[]container.Option{withParallelism(1000)}, 1},
		"GOMAXPROCS":       {nil, rounds(runtime.GOMAXPROCS(0))},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				app := newApp(test.opts...)
				for i := range beans {
					app.RegisterInstance(&hooked{start: asSlowAs(time.Second), stop: asSlowAs(time.Second)},
						container.Named(fmt.Sprint("bean", i)))
				}
				start, stop := took(t, app)
				if want := test.want * time.Second; start != want || stop != want {
					t.Errorf("the start took %s, the stop %s, want %s", start, stop, want)
				}
			})
		})
	}
}

func TestLevelsOfBeansStartOneAfterTheOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(withParallelism(100))
		for level := range 3 {
			for i := range 5 {
				var opts []container.BeanOption
				if level > 0 {
					opts = append(opts, container.DependsOn(fmt.Sprintf("bean%d-%d", level-1, (i+1)%5)))
				}
				app.RegisterInstance(&hooked{start: asSlowAs(time.Second)},
					append(opts, container.Named(fmt.Sprintf("bean%d-%d", level, i)))...)
			}
		}
		if start, _ := took(t, app); start != 3*time.Second {
			t.Errorf("the start took %s, want 3s", start)
		}
	})
}

func TestTheFirstFailureEndsTheOtherStarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boom := errors.New("boom")
		j := &journal{}
		app := newApp(withParallelism(3))
		app.RegisterInstance(&recorder{"done", j, nil}, container.Named("done"))
		app.RegisterInstance(&hooked{start: asSlowAs(time.Hour), stop: fails(errors.New("stopped, but never started"))},
			container.Named("slow"))
		app.RegisterInstance(&hooked{start: func(ctx context.Context) error {
			<-time.After(time.Second)
			return boom
		}}, container.Named("failing"))
		app.RegisterInstance(&recorder{"never", j, nil}, container.Named("never"), container.DependsOn("slow"))

		begun := time.Now()
		report := startFails(t, app)
		if p := only(t, report, container.CodeHook); p.Bean != "failing" || !errors.Is(report, boom) {
			t.Errorf("report %v", report)
		}
		if waited := time.Since(begun); waited != time.Second {
			t.Errorf("the start ended after %s, want 1s", waited)
		}
		for _, entry := range j.entries {
			if strings.HasPrefix(entry, "Start never") || strings.HasPrefix(entry, "Stop never") {
				t.Errorf("%s", entry)
			}
		}
		if !strings.Contains(strings.Join(j.entries, ", "), "Stop done") {
			t.Errorf("what had started was not stopped: %q", j.entries)
		}
	})
}

func fails(err error) func(context.Context) error {
	return func(context.Context) error { return err }
}

func TestAParallelismBelowOneIsRefused(t *testing.T) {
	for _, value := range []any{0, -1, "many"} {
		app := newApp(container.WithConfig(config.New(map[string]any{"pyfly.context.start-parallelism": value})))
		if p := only(t, startFails(t, app), container.CodeConfig); !strings.Contains(p.What, "pyfly.context.start-parallelism") {
			t.Errorf("problem %v", p)
		}
	}
}
