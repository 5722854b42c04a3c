// SPDX-License-Identifier: Apache-2.0

// Package context holds the snippets of docs/context.md.
package context

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"net/http"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

type (
	Store          struct{}
	PriceList      struct{}
	CatalogService struct{}
	Worker         struct{}
	Cache          interface{ Get(key string) string }
	localCache     struct{}
	redisCache     struct{}
)

func (localCache) Get(string) string  { return "" }
func (*redisCache) Get(string) string { return "" }

func NewRedisCache() *redisCache { return &redisCache{} }

func NewStore(cfg *config.Config, log *slog.Logger) (*Store, error) {
	if !cfg.Exists("store.path") {
		return nil, fmt.Errorf("store.path is not set")
	}
	log.Info("store opened", "path", cfg.String("store.path", ""))
	return &Store{}, nil
}

func NewCatalogService(store *Store, caches []Cache) *CatalogService {
	return &CatalogService{}
}

// Register is what main does.
func Register() error {
	app := container.NewApplicationContext()
	app.Register(NewCatalogService)
	app.Register(NewStore)
	return app.Run(context.Background())
}

// Options registers beans in many ways.
func Options(app *container.ApplicationContext) {
	app.Register(NewRedisCache, container.Named("redis"), container.Primary())
	app.Register(func() Cache { return localCache{} }, container.Named("local"), container.Order(2))
	app.RegisterInstance(&PriceList{}, container.Stereotype("data"))
	app.Register(func() *http.Server { return &http.Server{Addr: ":8080"} },
		container.OnStop(func(ctx context.Context, s *http.Server) error { return s.Shutdown(ctx) }))
	container.Properties[StoreProperties](app, "store")
	app.Register(func(p *StoreProperties) *Worker { return &Worker{} })
	service, err := container.Get[*CatalogService](app)
	local := container.Must(container.Get[Cache](app, "local")) // panics on an error
	caches := container.Must(container.All[Cache](app))
	_, _, _, _ = service, err, local, caches
}

type WorkerParams struct {
	dig.In

	Local  Cache      `name:"local"`
	Prices *PriceList `optional:"true"`
	ByName map[string]Cache
}

func NewWorker(in WorkerParams) *Worker { return &Worker{} }

type StoreProperties struct {
	Path    string          `koanf:"path"`
	MaxSize config.ByteSize `koanf:"max-size" default:"64MiB"`
}

func (p *StoreProperties) Validate() error {
	if p.Path == "" {
		return fmt.Errorf("path: must be set")
	}
	return nil
}

func (w *Worker) PostConstruct(ctx context.Context) error { return nil } // complete yourself
func (w *Worker) Start(ctx context.Context) error         { return nil } // begin to work
func (w *Worker) Stop(ctx context.Context) error          { return nil } // end what Start began
func (w *Worker) PreDestroy(ctx context.Context) error    { return nil } // let go of what you hold
func (w *Worker) Phase() int                              { return 10 }  // start after phase 0

type Import struct{ app *container.ApplicationContext }

func (i *Import) Run(ctx context.Context) error {
	if err := i.all(ctx); err != nil {
		return err // ends the application: app.Run returns it
	}
	i.app.Shutdown() // the work is done
	return nil
}

func (i *Import) all(ctx context.Context) error { return ctx.Err() }

type timing struct{ log *slog.Logger }

func (t *timing) BeforeInit(bean any, name string) (any, error) { return bean, nil }

func (t *timing) AfterInit(bean any, name string) (any, error) {
	if cache, ok := bean.(Cache); ok {
		return &timedCache{cache, t.log.With("cache", name)}, nil
	}
	return bean, nil
}

type timedCache struct {
	Cache
	log *slog.Logger
}

type PriceChanged struct{ Product string }

func NewIndex(events *lifecycle.Events) *Index {
	i := &Index{}
	lifecycle.Subscribe(events, func(e PriceChanged) { i.Forget(e.Product) })
	return i
}

func (s *CatalogService) ChangePrice(events *lifecycle.Events, product string) {
	lifecycle.Publish(events, PriceChanged{Product: product})
}

type Index struct{}

func (*Index) Forget(string) {}

func CacheModule() container.Module {
	return container.Module{Name: "cache", Configure: func(app *container.ApplicationContext) {
		app.Install(MetricsModule())
		app.Register(NewRedisCache, container.As[Cache](), container.OnMissingBean[Cache]())
		app.RegisterPostProcessor(&timing{log: app.Logger()})
	}}
}

func MetricsModule() container.Module {
	return container.Module{Name: "metrics", Configure: func(app *container.ApplicationContext) {
		app.Register(func() *Metrics { return &Metrics{} })
	}}
}

type (
	Metrics struct{}
	Tracer  struct{}
)

func NewMemoryCache() Cache { return localCache{} }
func NewTracer() *Tracer    { return &Tracer{} }

// Conditions registers beans that may not be there.
func Conditions(app *container.ApplicationContext) {
	app.Register(NewRedisCache, container.Profile("prod & !eu"))
	app.Register(NewMemoryCache, container.OnMissingBean[Cache]())
	app.Register(NewTracer, container.OnProperty("tracing.enabled", "true"))
}

type Connections struct {
	dig.Out

	Orders   *sql.DB      `name:"orders"`
	Invoices *sql.DB      `name:"invoices"`
	Health   http.Handler `group:"routes"`
}

type Cart struct{ Items []string }

type Checkout struct{ carts container.Provider[*Cart] }

func NewCheckout(carts container.Provider[*Cart]) *Checkout { return &Checkout{carts} }

func (c *Checkout) Begin() (*Cart, error) { return c.carts.Get() } // a prototype: a new cart

// ShopModule is an application.
func ShopModule() container.Module {
	return container.Module{Name: "shop", Configure: func(app *container.ApplicationContext) {
		app.Register(NewCatalogService)
		app.Register(func() *Store { return &Store{} })
		app.Register(func() Cache { return &redisCache{} })
		app.Register(NewIndex)
	}}
}
