// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestGet(t *testing.T) {
	app := newApp()
	app.Register(newEnglish)
	app.Register(newFrench)
	app.RegisterInstance(&person{"Ada"}, container.Named("ada"), container.Primary())
	app.RegisterInstance(&person{"Grace"}, container.Named("grace"))
	start(t, app)

	t.Run("by type", func(t *testing.T) {
		if e, err := container.Get[*english](app); err != nil || e == nil {
			t.Error(e, err)
		}
	})
	t.Run("the primary one", func(t *testing.T) {
		if p, err := container.Get[*person](app); err != nil || p.name != "Ada" {
			t.Error(p, err)
		}
	})
	t.Run("by name", func(t *testing.T) {
		if p, err := container.Get[*person](app, "grace"); err != nil || p.name != "Grace" {
			t.Error(p, err)
		}
	})
	t.Run("an interface by name", func(t *testing.T) {
		if g, err := container.Get[greeter](app, "french"); err != nil || g.Greet() != "bonjour" {
			t.Error(g, err)
		}
	})
	t.Run("an interface that two implement", func(t *testing.T) {
		_, err := container.Get[greeter](app)
		if !errors.Is(err, kernel.ErrAmbiguousBean) || !strings.Contains(err.Error(), `"english" "french"`) {
			t.Error(err)
		}
	})
	t.Run("a type that is no bean", func(t *testing.T) {
		if _, err := container.Get[*strings.Builder](app); !errors.Is(err, kernel.ErrNoSuchBean) {
			t.Error(err)
		}
	})
	t.Run("a name that has another type", func(t *testing.T) {
		_, err := container.Get[*english](app, "ada")
		if !errors.Is(err, kernel.ErrNoSuchBean) || !strings.Contains(err.Error(), "*container_test.person") {
			t.Error(err)
		}
	})
	t.Run("two names", func(t *testing.T) {
		_, err := container.Get[*person](app, "ada", "grace")
		if !errors.Is(err, kernel.ErrConfig) || !strings.Contains(err.Error(), `["ada" "grace"]`) {
			t.Error(err)
		}
	})
	t.Run("all", func(t *testing.T) {
		all, err := container.All[greeter](app)
		if err != nil || len(all) != 2 {
			t.Error(all, err)
		}
	})
	t.Run("Must panics with the error", func(t *testing.T) {
		defer func() {
			if err, ok := recover().(error); !ok || !errors.Is(err, kernel.ErrNoSuchBean) {
				t.Errorf("panicked with %v", err)
			}
		}()
		container.Must(container.Get[*strings.Builder](app))
	})
}

func TestGetOutsideOfStartAndStop(t *testing.T) {
	app := newApp()
	app.Register(newEnglish)
	if _, err := container.Get[*english](app); !errors.Is(err, container.ErrNotStarted) {
		t.Errorf("before the start: %v", err)
	}
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := container.All[*english](app); !errors.Is(err, container.ErrNotStarted) {
		t.Errorf("after the stop: %v", err)
	}
}

func TestGettingASingletonAllocatesNothing(t *testing.T) {
	app := newApp()
	app.Register(newEnglish)
	start(t, app)
	for name, get := range map[string]func(){
		"by type":      func() { _, _ = container.Get[*english](app) },
		"by interface": func() { _, _ = container.Get[greeter](app) },
	} {
		if allocations := testing.AllocsPerRun(100, get); allocations != 0 {
			t.Errorf("%s: %v allocations", name, allocations)
		}
	}
}

func TestGetIsSafeForConcurrentUse(t *testing.T) {
	app := newApp()
	app.Register(newEnglish)
	start(t, app)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				if _, err := container.Get[greeter](app); err != nil {
					t.Error(err)
				}
				app.Beans()
			}
		})
	}
	wg.Wait()
}
