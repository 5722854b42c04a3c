// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// tuned is a client without tags, so that settings alone say what it does.
type tuned struct {
	client.ServiceClient `url:"http://tuned.invalid"`
	Get                  func(ctx context.Context) (Product, error) `get:"/x"`
	Slow                 func(ctx context.Context) (Product, error) `get:"/slow"`
}

// observed is what a run of calls against a scripted port shows.
type observed struct {
	attempts []time.Duration // when, since the first
	state    resilience.CircuitState
	config   client.PortConfig
}

// fromYAML writes settings to a file and loads it.
func fromYAML(t *testing.T, settings map[string]any) *config.Config {
	t.Helper()
	var text strings.Builder
	for key, value := range settings {
		inYAML, err := json.Marshal(value) // JSON is YAML
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&text, "%s: %s\n", key, inYAML)
	}
	path := filepath.Join(t.TempDir(), "pyfly.yaml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load(config.File(path))
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// observe makes calls, in virtual time, with settings from a YAML file.
func observe(t *testing.T, settings map[string]any, calls int, answer func(*http.Request) (*http.Response, error)) (o observed) {
	t.Helper()
	port := newScript(t, answer)
	c := wireBy[tuned](t, nil, client.WithConfig(fromYAML(t, settings)), client.WithFactory(func(cfg client.PortConfig) (client.HttpClientPort, error) {
		o.config = cfg
		return port, nil
	}))
	for range calls {
		_, _ = c.Get(t.Context())
	}
	o.attempts, o.state = port.times, c.CircuitBreaker().State()
	return o
}

// TestEveryRowOfTheSettings shows what each key of the settings does, first its
// default and then a value of its own.
func TestEveryRowOfTheSettings(t *testing.T) {
	const s = time.Second
	cases := []struct {
		name     string
		settings map[string]any
		calls    int
		answer   func(*http.Request) (*http.Response, error)
		check    func(o observed) (got, want any)
	}{
		{"default.timeout is 30s", map[string]any{"pyfly.client.retry.max-attempts": 2}, 1, hang,
			func(o observed) (any, any) { return o.attempts, []time.Duration{0, 31 * s} }},
		{"default.timeout", map[string]any{"pyfly.client.retry.max-attempts": 2, "pyfly.client.default.timeout": "2s"}, 1, hang,
			func(o observed) (any, any) { return o.attempts, []time.Duration{0, 3 * s} }},
		{"default.timeout as a number of seconds", map[string]any{"pyfly.client.retry.max-attempts": 2, "pyfly.client.default.timeout": 4}, 1, hang,
			func(o observed) (any, any) { return o.attempts, []time.Duration{0, 5 * s} }},
		{"connect-timeout is 5s", nil, 0, nil, func(o observed) (any, any) { return o.config.ConnectTimeout, 5 * s }},
		{"connect-timeout", map[string]any{"pyfly.client.default.connect-timeout": "700ms"}, 0, nil,
			func(o observed) (any, any) { return o.config.ConnectTimeout, 700 * time.Millisecond }},
		{"max-response-size is 10MiB", nil, 0, nil, func(o observed) (any, any) { return o.config.MaxResponseSize, int64(10 << 20) }},
		{"max-response-size", map[string]any{"pyfly.client.default.max-response-size": "2KiB"}, 0, nil,
			func(o observed) (any, any) { return o.config.MaxResponseSize, int64(2048) }},
		{"failure-threshold is 5: four", map[string]any{"pyfly.client.retry.max-attempts": 1}, 4, status(500),
			func(o observed) (any, any) { return o.state, resilience.StateClosed }},
		{"failure-threshold is 5: five", map[string]any{"pyfly.client.retry.max-attempts": 1}, 5, status(500),
			func(o observed) (any, any) { return o.state, resilience.StateOpen }},
		{"failure-threshold", map[string]any{"pyfly.client.retry.max-attempts": 1, "pyfly.client.circuit-breaker.failure-threshold": 2}, 2, status(500),
			func(o observed) (any, any) { return o.state, resilience.StateOpen }},
		{"retry.max-attempts is 3, base-delay 1s", nil, 1, status(500),
			func(o observed) (any, any) { return o.attempts, []time.Duration{0, s, 3 * s} }},
		{"retry.max-attempts", map[string]any{"pyfly.client.retry.max-attempts": 4}, 1, status(500),
			func(o observed) (any, any) { return o.attempts, []time.Duration{0, s, 3 * s, 7 * s} }},
		{"retry.base-delay", map[string]any{"pyfly.client.retry.base-delay": "100ms"}, 1, status(500),
			func(o observed) (any, any) { return o.attempts, []time.Duration{0, s / 10, 3 * s / 10} }},
		{"retry.base-delay of zero", map[string]any{"pyfly.client.retry.base-delay": "0s"}, 1, status(500),
			func(o observed) (any, any) { return o.attempts, []time.Duration{0, 0, 0} }},
		{"retry.max-delay", map[string]any{"pyfly.client.retry.max-delay": "1s"}, 1, status(500),
			func(o observed) (any, any) { return o.attempts, []time.Duration{0, s, 2 * s} }},
		{"retry.budget: ten a second by default", noBreaker("pyfly.client.retry.base-delay", "0s", "pyfly.client.retry.max-attempts", 2), 12, status(500),
			func(o observed) (any, any) { return len(o.attempts), 12 + 10 }},
		{"retry.budget.min-per-second", noBreaker("pyfly.client.retry.base-delay", "0s", "pyfly.client.retry.budget.min-per-second", 1, "pyfly.client.retry.budget.ratio", 0), 12, status(500),
			func(o observed) (any, any) { return len(o.attempts), 12 + 1 }},
		{"retry.budget.ratio is 0.2", noBreaker("pyfly.client.retry.base-delay", "0s", "pyfly.client.retry.budget.min-per-second", 0), 100, status(500),
			func(o observed) (any, any) { return len(o.attempts), 100 + 20 }},
		{"retry.budget.ratio", noBreaker("pyfly.client.retry.base-delay", "0s", "pyfly.client.retry.budget.min-per-second", 0, "pyfly.client.retry.budget.ratio", 0.5), 100, status(500),
			func(o observed) (any, any) { return len(o.attempts), 100 + 50 }},
		{"services.<name>.base-url", map[string]any{"pyfly.client.services.tuned.base-url": "https://other:1"}, 0, nil,
			func(o observed) (any, any) { return o.config.BaseURL, "https://other:1" }},
		{"services.<name>.timeout", map[string]any{"pyfly.client.default.timeout": "9s", "pyfly.client.services.tuned.timeout": "2s", "pyfly.client.retry.max-attempts": 2}, 1, hang,
			func(o observed) (any, any) { return o.attempts, []time.Duration{0, 3 * s} }},
		{"services.<name>.connect-timeout", map[string]any{"pyfly.client.services.tuned.connect-timeout": "1s"}, 0, nil,
			func(o observed) (any, any) { return o.config.ConnectTimeout, s }},
		{"services.<name>.headers", map[string]any{"pyfly.client.services.tuned.headers": map[string]any{"X-A": "1"}}, 0, nil,
			func(o observed) (any, any) { return o.config.Header.Get("X-A"), "1" }},
		{"services.<name>.retry", map[string]any{"pyfly.client.services.tuned.retry": map[string]any{"max-attempts": 2, "base-delay": "5s"}}, 1, status(500),
			func(o observed) (any, any) { return o.attempts, []time.Duration{0, 5 * s} }},
		{"services.<name>.circuit-breaker", map[string]any{"pyfly.client.services.tuned.circuit-breaker.failure-threshold": 1}, 1, status(500),
			func(o observed) (any, any) { return len(o.attempts), 1 }},
		{"services.<name>.methods.<method>", map[string]any{"pyfly.client.services.tuned.methods.get": map[string]any{"timeout": "3s", "retry": map[string]any{"max-attempts": 2}}}, 1, hang,
			func(o observed) (any, any) { return o.attempts, []time.Duration{0, 4 * s} }},
		{"another method's settings", map[string]any{"pyfly.client.services.tuned.methods.slow.retry.max-attempts": 1}, 1, status(500),
			func(o observed) (any, any) { return len(o.attempts), 3 }},
		{"the port allows what a method allows", map[string]any{"pyfly.client.services.tuned.methods.slow": map[string]any{"timeout": "2m", "max-response-size": "1GiB"}}, 0, nil,
			func(o observed) (any, any) {
				return fmt.Sprint(o.config.Timeout, o.config.MaxResponseSize), fmt.Sprint(2*time.Minute, 1<<30)
			}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				got, want := c.check(observe(t, c.settings, c.calls, c.answer))
				if fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("got %v, want %v", got, want)
				}
			})
		})
	}
}

// noBreaker returns settings with a breaker that does not open.
func noBreaker(pairs ...any) map[string]any {
	settings := map[string]any{"pyfly.client.circuit-breaker.failure-threshold": 1_000_000}
	for i := 0; i+1 < len(pairs); i += 2 {
		settings[pairs[i].(string)] = pairs[i+1]
	}
	return settings
}

func TestTheRecoveryTimeout(t *testing.T) {
	for _, c := range []struct {
		settings map[string]any
		want     time.Duration
	}{
		{nil, 30 * time.Second},
		{map[string]any{"pyfly.client.circuit-breaker.recovery-timeout": "7s"}, 7 * time.Second},
		{map[string]any{"pyfly.client.services.tuned.circuit-breaker.recovery-timeout": "3s"}, 3 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			settings := map[string]any{"pyfly.client.retry.max-attempts": 1, "pyfly.client.circuit-breaker.failure-threshold": 1}
			for k, v := range c.settings {
				settings[k] = v
			}
			g := wire[tuned](t, settings, newScript(t, status(500)))
			_, _ = g.Get(t.Context())
			_, err := g.Get(t.Context())
			var refused *client.CircuitBreakerError
			if !errors.As(err, &refused) || refused.RetryAfter() != c.want {
				t.Errorf("%v, want %s", err, c.want)
			}
		})
	}
}

// layered has a tag for the base delay, so that every layer can be told apart.
type layered struct {
	client.ServiceClient `url:"http://layered.invalid" retry-base-delay:"3s"`
	Get                  func(ctx context.Context) error `get:"/x"`
}

// TestTheLaterLayerWins gives the base delay in one layer more each time.
func TestTheLaterLayerWins(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const own = "pyfly.client.services.layered.retry.base-delay"
	write("global.yaml", "pyfly: {client: {retry: {base-delay: 1s}}}")
	write("global-prod.yaml", "pyfly: {client: {retry: {base-delay: 2s}}}")
	write("own.yaml", "pyfly: {client: {services: {layered: {retry: {base-delay: 4s}}}}}")
	write("method.yaml", "pyfly: {client: {services: {layered: {retry: {base-delay: 4s}, methods: {get: {retry: {base-delay: 5s}}}}}}}")

	layers := []struct {
		name    string
		file    string
		env     string
		code    map[string]any
		tagged  bool
		profile string
		want    time.Duration
	}{
		{name: "built-in", file: "", want: 1 * time.Second},
		{name: "a profile over the file", file: "global.yaml", profile: "prod", want: 2 * time.Second},
		{name: "the environment over files", file: "global.yaml", profile: "prod", env: "PYFLY_CLIENT_RETRY_BASE_DELAY=2500ms", want: 2500 * time.Millisecond},
		{name: "the tag over global keys", file: "global.yaml", tagged: true, want: 3 * time.Second},
		{name: "the tag over a global key of the environment", env: "PYFLY_CLIENT_RETRY_BASE_DELAY=9s", tagged: true, want: 3 * time.Second},
		{name: "the client's own keys over the tag", file: "own.yaml", tagged: true, want: 4 * time.Second},
		{name: "the method's own keys over the client's", file: "method.yaml", tagged: true, want: 5 * time.Second},
		{name: "the environment over the client's own key", file: "own.yaml", tagged: true, env: "PYFLY_CLIENT_SERVICES_LAYERED_RETRY_BASE_DELAY=6s", want: 6 * time.Second},
		{name: "code over the environment", file: "own.yaml", tagged: true, env: "PYFLY_CLIENT_SERVICES_LAYERED_RETRY_BASE_DELAY=6s", code: map[string]any{own: "7s"}, want: 7 * time.Second},
	}
	for _, l := range layers {
		t.Run(l.name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if l.env != "" {
				name, value, _ := strings.Cut(l.env, "=")
				t.Setenv(name, value)
			}
			var opts []config.Option
			if l.file != "" {
				opts = append(opts, config.File(filepath.Join(dir, l.file)))
			}
			if l.profile != "" {
				opts = append(opts, config.Profiles(l.profile))
			}
			if l.code != nil {
				opts = append(opts, config.Map(l.code))
			}
			cfg, err := config.Load(opts...)
			if err != nil {
				t.Fatal(err)
			}
			synctest.Test(t, func(t *testing.T) {
				port := newScript(t, status(500))
				factory := client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil })
				if l.tagged {
					_ = wireBy[layered](t, nil, factory, client.WithConfig(cfg)).Get(t.Context())
				} else {
					_, _ = wireBy[tuned](t, nil, factory, client.WithConfig(cfg)).Get(t.Context())
				}
				if got := port.times[1]; got != l.want {
					t.Errorf("the first delay is %s, want %s", got, l.want)
				}
			})
		})
	}
}

func TestAPlainClientIsGuardedWhenItsOwnSettingsSaySo(t *testing.T) {
	for name, c := range map[string]struct {
		settings map[string]any
		attempts int
		breaker  bool
	}{
		"global keys do not":   {map[string]any{"pyfly.client.retry.max-attempts": 2, "pyfly.client.circuit-breaker.failure-threshold": 1}, 1, false},
		"its own retry":        {map[string]any{"pyfly.client.services.catalog.retry.max-attempts": 2}, 2, false},
		"its own breaker":      {map[string]any{"pyfly.client.services.catalog.circuit-breaker.failure-threshold": 9}, 1, true},
		"enabled":              {map[string]any{"pyfly.client.services.catalog.retry.enabled": true}, 3, false},
		"one method's retry":   {map[string]any{"pyfly.client.services.catalog.methods.get.retry.max-attempts": 2}, 2, false},
		"tuned but turned off": {map[string]any{"pyfly.client.services.catalog.retry.max-attempts": 2, "pyfly.client.services.catalog.retry.enabled": false}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				port := newScript(t, status(500))
				g := wire[catalog](t, c.settings, port)
				_, _ = g.Get(t.Context(), "1")
				if len(port.asked) != c.attempts || (g.CircuitBreaker() != nil) != c.breaker {
					t.Errorf("%d attempts, breaker %v", len(port.asked), g.CircuitBreaker())
				}
			})
		})
	}
}

func TestWrongSettingsAreReportedWithFileLineKeyAndValue(t *testing.T) {
	cases := map[string]struct{ yaml, want string }{
		"an unknown duration":   {"pyfly:\n  client:\n    default:\n      timeout: soon\n", `pyfly.yaml:4: pyfly.client.default.timeout: "soon" is not a valid duration`},
		"a negative threshold":  {"pyfly:\n  client:\n    circuit-breaker:\n      failure-threshold: -1\n", "pyfly.yaml:4: pyfly.client.circuit-breaker.failure-threshold: \"-1\""},
		"a threshold of zero":   {"pyfly:\n  client:\n    circuit-breaker:\n      failure-threshold: 0\n", "failure-threshold: \"0\""},
		"a negative timeout":    {"pyfly:\n  client:\n    default:\n      timeout: -1s\n", "pyfly.client.default.timeout: \"-1s\""},
		"a wrong size":          {"pyfly:\n  client:\n    default:\n      max-response-size: big\n", `"big" is not a valid size`},
		"a ratio beyond one":    {"pyfly:\n  client:\n    retry:\n      budget:\n        ratio: 1.5\n", "pyfly.client.retry.budget.ratio: \"1.5\""},
		"no attempts":           {"pyfly:\n  client:\n    retry:\n      max-attempts: 0\n", "pyfly.client.retry.max-attempts: \"0\""},
		"a URL without a host":  {"pyfly:\n  client:\n    services:\n      tuned:\n        base-url: \"http:///x\"\n", "pyfly.yaml:5: pyfly.client.services.tuned.base-url: it has no host"},
		"no URL":                {"pyfly:\n  client:\n    services:\n      tuned:\n        base-url: inventory\n", "base-url: its scheme is \"\""},
		"a missing placeholder": {"pyfly:\n  client:\n    services:\n      tuned:\n        base-url: ${nowhere.url}\n", "nowhere.url"},
		"a wrong header":        {"pyfly:\n  client:\n    services:\n      tuned:\n        headers:\n          \"X Y\": z\n", "cannot be sent as a header"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			if err := os.WriteFile("pyfly.yaml", []byte(c.yaml), 0o600); err != nil {
				t.Fatal(err)
			}
			app := container.NewApplicationContext()
			app.Install(client.Module())
			client.Register[tuned](app)
			err := app.Start(t.Context())
			if !errors.Is(err, kernel.ErrConfig) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant it to say %s", err, c.want)
			}
			var report *container.StartupError
			if !errors.As(err, &report) || len(report.Problems) != 1 {
				t.Errorf("want one problem:\n%v", err)
			}
		})
	}
}

func TestAClientWithoutABaseURL(t *testing.T) {
	type Homeless struct {
		client.HttpClient
		Get func(ctx context.Context) error `get:"/x"`
	}
	app := newApp(nil)
	client.Register[Homeless](app)
	err := app.Start(t.Context())
	if !errors.Is(err, kernel.ErrConfig) || !strings.Contains(err.Error(), "Homeless has no base URL") ||
		!strings.Contains(err.Error(), "pyfly.client.services.homeless.base-url") {
		t.Error(err)
	}
}

func TestPlaceholdersInTheURL(t *testing.T) {
	type Placed struct {
		client.HttpClient `url:"${placed.url:http://localhost:8080}"`
		Get               func(ctx context.Context) error `get:"/x"`
	}
	for want, settings := range map[string]map[string]any{
		"http://localhost:8080": nil,
		"http://there":          {"placed.url": "http://there"},
	} {
		var got client.PortConfig
		wireBy[Placed](t, settings, client.WithFactory(func(c client.PortConfig) (client.HttpClientPort, error) {
			got = c
			return newScript(t, status(200)), nil
		}))
		if got.BaseURL != want || got.Name != "placed" {
			t.Errorf("%+v, want the URL %s", got, want)
		}
	}
}

func TestAMisspeltSettingIsWarnedOf(t *testing.T) {
	log := &recordingHandler{}
	app := container.NewApplicationContext(
		container.WithConfig(config.New(map[string]any{"pyfly.client.services.tuned.time-out": "2s", "pyfly.client.default.tiemout": "1s"})),
		container.WithLogger(log.logger()))
	app.Install(client.Module())
	client.Register[tuned](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(context.Background()) }()
	if !slices.ContainsFunc(log.lines(), func(l string) bool {
		return strings.Contains(l, "pyfly.client.default.tiemout") && strings.Contains(l, "nearest=pyfly.client.default.timeout")
	}) {
		t.Errorf("not warned of: %q", log.lines())
	}
}
