// SPDX-License-Identifier: Apache-2.0

package context

import (
	"errors"
	"testing"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

func newApp(settings map[string]any) *container.ApplicationContext {
	return container.NewApplicationContext(container.WithConfig(config.New(settings)))
}

func TestAProxyOfAConcreteTypeIsRefused(t *testing.T) {
	app := newApp(map[string]any{"store.path": "/tmp"})
	app.RegisterPostProcessor(&timing{log: app.Logger()})
	app.Register(NewRedisCache)
	app.Register(NewCatalogService)
	app.Register(NewStore)
	app.Register(func() Cache { return localCache{} }, container.Named("local"))
	app.Register(NewWorker)
	app.Register(NewIndex)
	container.Properties[StoreProperties](app, "store")
	// The processor puts a proxy in front of the caches, and one of them is
	// registered as a pointer to a struct: the report names it.
	err := app.Start(t.Context())
	if !errors.Is(err, kernel.ErrBeanCreation) {
		t.Errorf("got %v", err)
	}
}

func TestAMissingBeanIsReported(t *testing.T) {
	app := newApp(map[string]any{"store.path": "/var/lib/store"})
	app.Register(func(list *PriceList) *Worker { return &Worker{} })
	err := app.Start(t.Context())

	var report *container.StartupError
	if !errors.Is(err, kernel.ErrNoSuchBean) || !errors.As(err, &report) {
		t.Fatal(err)
	}
	if report.Problems[0].Code != container.CodeMissing {
		t.Error(report)
	}
}

func TestOverride(t *testing.T) {
	app := newApp(nil)
	app.Register(func() Cache { panic("not in a test") })
	app.Override(func() Cache { return localCache{} })
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAModulesDefaultGivesWay(t *testing.T) {
	app := newApp(nil)
	app.Install(CacheModule())
	app.Register(NewMemoryCache)
	modules := map[string]string{}
	for _, bean := range app.Beans() {
		modules[bean.Name] = bean.Module
	}
	if _, isThere := modules["redisCache"]; isThere || modules["metrics"] != "cache/metrics" {
		t.Errorf("beans and their modules: %v", modules)
	}
}
