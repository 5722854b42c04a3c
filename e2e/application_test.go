// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pyfly-go/pyfly/actuator"
	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

const (
	token  = "correct-horse-battery-staple"
	apiKey = "sk-nobody-may-see-this"
)

// settingsFile are the settings of the tests' application. TestSettings… knows
// the line of page-size.
const settingsFile = `shop:
  page-size: 5
  api-key: ` + apiKey + `
pyfly:
  app:
    name: shop
  client:
    default:
      timeout: 2s
`

// ShopSettings are bound as a bean.
type ShopSettings struct {
	PageSize int    `koanf:"page-size"`
	APIKey   string `koanf:"api-key"`
	Greeting string `koanf:"greeting"`
}

// StockClient has retries and a circuit breaker.
type StockClient struct {
	client.ServiceClient `retry:"2" retry-base-delay:"0s" failure-threshold:"3" recovery-timeout:"1h"`

	Get func(ctx context.Context, id string) (string, error) `get:"/stock/{id}"`
}

// PaymentClient has a circuit breaker.
type PaymentClient struct {
	client.ServiceClient `failure-threshold:"3" recovery-timeout:"1h"`

	Charge func(ctx context.Context, id string) (string, error) `get:"/payments/{id}"`
}

// SearchClient has neither.
type SearchClient struct {
	client.ServiceClient

	Find func(ctx context.Context, word string) (string, error) `get:"/search/{word}"`
}

type (
	warehouse struct{}
	checkout  struct{}
	part      struct{}
)

func newWarehouse(*StockClient) *warehouse                    { return &warehouse{} }
func newCheckout(*PaymentClient, *warehouse, *part) *checkout { return &checkout{} }
func newPart(*warehouse) *part                                { return &part{} }

// service answers the application's clients. Each of its parts can be sick.
type service struct {
	*httptest.Server
	sick sync.Map // of the first segment of a path
}

func newService(t *testing.T) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		if _, isSick := s.sick.Load(strings.Split(r.URL.Path, "/")[1]); isSick {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = fmt.Fprint(w, "some")
	}))
	t.Cleanup(s.Close)
	return s
}

// application is one with an actuator, and the service that it calls.
type application struct {
	*container.ApplicationContext
	service *service
	url     string // of the actuator
	stock   *StockClient
	payment *PaymentClient
	search  *SearchClient
}

type option func(settings map[string]any, app *container.ApplicationContext)

func set(key string, value any) option {
	return func(settings map[string]any, _ *container.ApplicationContext) { settings[key] = value }
}

func register(constructor any, opts ...container.BeanOption) option {
	return func(_ map[string]any, app *container.ApplicationContext) {
		if app != nil {
			app.Register(constructor, opts...)
		}
	}
}

// startApplication runs the tests' application until the test ends.
func startApplication(t *testing.T, opts ...option) *application {
	t.Helper()
	a := newApplication(t, newService(t), opts...)
	a.start(t)
	t.Cleanup(func() { a.stop(t) })
	return a
}

func newApplication(t *testing.T, s *service, opts ...option) *application {
	t.Helper()
	settings := map[string]any{"pyfly.actuator.port": 0, "pyfly.actuator.token": token}
	for _, name := range []string{"stock", "payment", "search"} {
		settings["pyfly.client.services."+name+"-client.base-url"] = s.URL
	}
	for _, o := range opts {
		o(settings, nil)
	}
	file := filepath.Join(t.TempDir(), "pyfly.yaml")
	if err := os.WriteFile(file, []byte(settingsFile), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.File(file), config.Map(maps.Clone(settings)))
	if err != nil {
		t.Fatal(err)
	}
	app := container.NewApplicationContext(container.WithLogger(slog.New(slog.DiscardHandler)), container.WithConfig(cfg))
	app.Install(client.Module(), actuator.Module())
	container.Properties[ShopSettings](app, "shop")
	client.Register[StockClient](app)
	client.Register[PaymentClient](app)
	client.Register[SearchClient](app)
	app.Register(newWarehouse, container.Stereotype("repository"))
	app.Register(newCheckout, container.Stereotype("service"))
	app.Register(newPart, container.Primary())
	for i := range 24 {
		app.Register(newPart, container.Named(fmt.Sprintf("part%02d", i)))
	}
	for _, o := range opts {
		o(settings, app)
	}
	return &application{ApplicationContext: app, service: s}
}

func (a *application) start(t *testing.T) {
	t.Helper()
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.url = container.Must(container.Get[*actuator.Server](a.ApplicationContext)).URL()
	a.stock = container.Must(container.Get[*StockClient](a.ApplicationContext))
	a.payment = container.Must(container.Get[*PaymentClient](a.ApplicationContext))
	a.search = container.Must(container.Get[*SearchClient](a.ApplicationContext))
}

func (a *application) stop(t *testing.T) {
	t.Helper()
	if err := a.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// httpClient keeps no connections, so that none is left behind.
var httpClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// openStock lets calls of the stock client fail until its circuit opens.
func (a *application) openStock(t *testing.T) {
	t.Helper()
	a.service.sick.Store("stock", true)
	for range 10 {
		if a.stock.CircuitBreaker().State() == client.StateOpen {
			return
		}
		_, _ = a.stock.Get(t.Context(), "1")
	}
	t.Fatal("the circuit does not open")
}
