// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// A library knows its service; whoever uses it can tune it in pyfly.yaml.
func ExampleDefaults() {
	service := httptest.NewServer(http.HandlerFunc(shelf))
	defer service.Close()
	ctx := context.Background()

	app := container.NewApplicationContext(
		container.WithConfig(config.New(map[string]any{
			"inventory.url": service.URL,
			"pyfly.client.services.inventory-client.retry.max-attempts": 2,
		})),
		container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Install(client.Module())
	client.Register[InventoryClient](app, client.Defaults(client.Settings{
		BaseURL: "${inventory.url}",
		Timeout: 5 * time.Second,
		Retry:   resilience.RetryConfig{MaxAttempts: 5, BaseDelay: 100 * time.Millisecond},
		Methods: map[string]client.MethodSettings{"GetProduct": {Timeout: time.Second}},
	}))
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Stop(ctx) }()

	for _, s := range client.Clients(app)[0].Settings {
		switch s.Name {
		case "timeout", "methods.get-product.timeout", "retry.max-attempts", "retry.base-delay":
			fmt.Println(s.Name, "is", s.Value)
		}
	}
	// Output:
	// methods.get-product.timeout is 1s
	// retry.base-delay is 100ms
	// retry.max-attempts is 2
	// timeout is 5s
}

// homeless has no tag: everything comes from settings.
type homeless struct {
	client.HttpClient

	Get func(ctx context.Context) (Product, error) `get:"/x"`
}

// startHomeless starts an application with the given defaults of a client.
func startHomeless(t *testing.T, global map[string]any, opts ...container.BeanOption) (*container.ApplicationContext, error) {
	t.Helper()
	app := newApp(global, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
		return portFunc(func(*http.Request) (*http.Response, error) { return answer(200, "{}"), nil }), nil
	}))
	client.Register[homeless](app, opts...)
	err := app.Start(t.Context())
	t.Cleanup(func() { _ = app.Stop(context.Background()) })
	return app, err
}

// settingsOf returns the settings of the only client, as "value from origin".
func settingsOf(t *testing.T, app *container.ApplicationContext) map[string]string {
	t.Helper()
	infos := client.Clients(app)
	require.Len(t, infos, 1)
	all := map[string]string{}
	for _, s := range infos[0].Settings {
		origin, _, _ := strings.Cut(s.Origin, ".go:")
		all[s.Name] = s.Value + " from " + origin
	}
	return all
}

func TestDefaultsComeBeforeOtherSettings(t *testing.T) {
	app, err := startHomeless(t, map[string]any{"pyfly.client.default.connect-timeout": "7s", "pyfly.client.services.homeless.hedge": false},
		client.Defaults(client.Settings{
			BaseURL: "http://here.invalid", Timeout: resilience.NoDelay, ConnectTimeout: time.Second, MaxResponseSize: -1,
			RetryEnabled: client.On, RetryBudget: resilience.RetryBudgetConfig{Ratio: -1}, RetryStatuses: []int{409},
			HedgeEnabled: client.On, Bulkhead: resilience.BulkheadConfig{MaxConcurrent: 3}, RateLimit: resilience.RateLimiterConfig{PerSecond: 7},
			RateLimitEnabled: client.Off, StaleIfError: client.StaleIfError{MaxAge: time.Hour, MaxSize: config.MiB},
			Headers: map[string]string{"X-Lane": "k"}, BearerToken: "sesame",
		}))
	require.NoError(t, err)
	got := settingsOf(t, app)
	const given = " from client.Defaults at client/defaults_test"
	for name, want := range map[string]string{
		"base-url": "http://here.invalid" + given, "timeout": "0s" + given, "connect-timeout": "7s from code", "max-response-size": "0B" + given,
		"retry.enabled": "true" + given, "retry.budget.ratio": "0" + given, "retry.on-statuses": "[409]" + given, "hedge.enabled": "false from code",
		"bulkhead.enabled": "true from default", "bulkhead.max-concurrent": "3" + given, "rate-limit.enabled": "false" + given,
		"stale-if-error.max-age": "1h0m0s" + given, "stale-if-error.max-size": "1MiB" + given, "headers.X-Lane": "k" + given, "auth.bearer.token": "******" + given,
	} {
		assert.Equal(t, want, got[name], name)
	}
}

func TestDefaultsStayInAReload(t *testing.T) {
	app, err := startHomeless(t, nil, client.Defaults(client.Settings{BaseURL: "http://here.invalid", Timeout: 9 * time.Second}))
	require.NoError(t, err)
	change(app, map[string]any{"pyfly.client.default.connect-timeout": "7s"})
	got := settingsOf(t, app)
	assert.Contains(t, got["timeout"], "9s from client.Defaults")
	assert.Equal(t, "7s from code", got["connect-timeout"])
}

func TestTheLastDefaultsCount(t *testing.T) {
	app, err := startHomeless(t, nil, client.Defaults(client.Settings{Timeout: time.Second}),
		client.Defaults(client.Settings{BaseURL: "http://here.invalid"}))
	require.NoError(t, err)
	assert.Equal(t, "30s from default", settingsOf(t, app)["timeout"])
}

func TestDefaultsOfAClientOfTheUsersMaking(t *testing.T) {
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return portFunc(nil), nil }))
	app.Register(func() *homeless { return &homeless{} }, client.Defaults(client.Settings{BaseURL: "http://here.invalid"}))
	require.NoError(t, app.Start(t.Context()))
	defer func() { _ = app.Stop(context.Background()) }()
	assert.Contains(t, settingsOf(t, app)["base-url"], "http://here.invalid")
}

func TestDefaultsDoNotWireAFake(t *testing.T) {
	app := newApp(nil)
	want := errors.New("a fake")
	app.Register(func() *homeless {
		return &homeless{Get: func(context.Context) (Product, error) { return Product{}, want }}
	}, client.Defaults(client.Settings{BaseURL: "http://here.invalid"}))
	require.NoError(t, app.Start(t.Context()))
	defer func() { _ = app.Stop(context.Background()) }()
	_, err := getBean[homeless](t, app).Get(t.Context())
	assert.ErrorIs(t, err, want)
}

func TestWrongDefaultsStopTheStart(t *testing.T) {
	for want, s := range map[string]client.Settings{
		"Retry.RetryOn cannot be given here":                 {Retry: resilience.RetryConfig{RetryOn: resilience.Errors(errors.ErrUnsupported)}},
		"CircuitBreaker.Name cannot be given here":           {CircuitBreaker: resilience.CircuitBreakerConfig{Name: "x"}},
		"Methods[\"Get\"].Hedge.Budget cannot be given here": {Methods: map[string]client.MethodSettings{"Get": {Hedge: resilience.HedgeConfig{Budget: resilience.NewRetryBudget(resilience.RetryBudgetConfig{})}}}},
		`homeless has no method "Got"`:                       {Methods: map[string]client.MethodSettings{"Got": {}}},
		`timeout: "-2s" is not allowed: write a duration`:    {Timeout: -2 * time.Second},
		`retry.max-attempts: "-3" is not allowed: write`:     {Retry: resilience.RetryConfig{MaxAttempts: -3}},
		`http2: "3" is not allowed: write auto, off or`:      {HTTP2: "3"},
		"headers.X-A: ": {Headers: map[string]string{"X-A": "${nowhere}"}},
	} {
		t.Run(want, func(t *testing.T) {
			s.BaseURL = "http://here.invalid"
			_, err := startHomeless(t, nil, client.Defaults(s))
			require.ErrorIs(t, err, kernel.ErrConfig)
			var report *container.StartupError
			require.ErrorAs(t, err, &report)
			assert.Len(t, report.Problems, 1)
			assert.ErrorContains(t, err, want)
			assert.ErrorContains(t, err, "client.Defaults at client/defaults_test.go:")
		})
	}
}

func TestDefaultsOfWhatIsNoClient(t *testing.T) {
	app := newApp(nil)
	app.Register(func() *Product { return &Product{} }, client.Defaults(client.Settings{}))
	assert.ErrorContains(t, app.Start(t.Context()), "client.Defaults of *client_test.Product")
}

// Whatever code can give is a key of settings files.
func TestDefaultsAreKeysOfSettingsFiles(t *testing.T) {
	names := keysOf("", reflect.TypeFor[client.Settings]())
	names = append(names, keysOf("methods.get.", reflect.TypeFor[client.MethodSettings]())...)
	require.Greater(t, len(names), 100)
	values := map[string]any{"pyfly.client.services.homeless.headers.x": "1"}
	for _, name := range names {
		if name != "headers" {
			values["pyfly.client.services.homeless."+name] = "1"
		}
	}
	cfg := config.New(values)
	p := client.NewHttpClientBeanPostProcessor(client.WithConfig(cfg))
	_, err := p.AfterInit(client.NewStub[homeless](), "homeless")
	require.Error(t, err) // some cannot be 1
	assert.Empty(t, cfg.UnknownKeys("pyfly"))
}

// keysOf returns the keys of the fields of a struct.
func keysOf(prefix string, t reflect.Type) (keys []string) {
	for i := range t.NumField() {
		f := t.Field(i)
		name := f.Tag.Get("koanf")
		switch {
		case name == "" || name == "-" || name == "name":
		case f.Type.Kind() == reflect.Struct:
			keys = append(keys, keysOf(prefix+name+".", f.Type)...)
		default:
			keys = append(keys, prefix+name)
		}
	}
	return keys
}

// What has a group of its own has the fields of the group.
var (
	_ = settings.TLS(client.TLSSettings{})
	_ = settings.Pool(client.PoolSettings{})
	_ = settings.Discovery(client.DiscoverySettings{})
	_ = settings.Basic(client.BasicAuth{})
	_ = settings.OAuth2(client.OAuth2Settings{})
)
