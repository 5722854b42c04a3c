// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/actuator"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// indicator is a bean whose health a test decides.
type indicator struct {
	health func(ctx context.Context) lifecycle.Health
}

func (i *indicator) Health(ctx context.Context) lifecycle.Health { return i.health(ctx) }

func withIndicator(name string, health func(context.Context) lifecycle.Health) func(*container.ApplicationContext) {
	return func(app *container.ApplicationContext) {
		app.Register(func() *indicator { return &indicator{health} }, container.Named(name))
	}
}

func always(s lifecycle.HealthStatus) func(context.Context) lifecycle.Health {
	return func(context.Context) lifecycle.Health { return lifecycle.Health{Status: s} }
}

func TestTheWorstComponentDecides(t *testing.T) {
	for name, c := range map[string]struct {
		status lifecycle.HealthStatus
		want   string
		code   int
	}{
		"up":                       {lifecycle.HealthUp, "UP", 200},
		"degraded":                 {lifecycle.HealthDegraded, "DEGRADED", 200},
		"down":                     {lifecycle.HealthDown, "DOWN", 503},
		"out of service":           {lifecycle.HealthOutOfService, "OUT_OF_SERVICE", 503},
		"unknown says nothing":     {lifecycle.HealthUnknown, "UP", 200},
		"a word that is not known": {"FINE", "UP", 200},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, nil, withIndicator("shelfHealthIndicator", always(c.status)))
			a := get(t, r.url+"/health")
			if a.status != c.code || at(t, a.json(t), "status") != c.want {
				t.Errorf("%d %s, want %d %s", a.status, a.body, c.code, c.want)
			}
			at(t, a.json(t), "components", "shelf", "status")
		})
	}
}

func TestAnIndicatorThatMisbehavesIsDown(t *testing.T) {
	for name, c := range map[string]struct {
		health func(context.Context) lifecycle.Health
		want   string
	}{
		"panic":                  {func(context.Context) lifecycle.Health { panic("no shelf") }, "no shelf"},
		"panic with a nil error": {func(context.Context) lifecycle.Health { panic((*shelfError)(nil)) }, "*actuator_test.shelfError (nil): its Error method panicked"},
		"exit":                   {func(context.Context) lifecycle.Health { runtime.Goexit(); return lifecycle.Health{} }, "the health check ended its goroutine"},
		"hang":                   {func(ctx context.Context) lifecycle.Health { <-ctx.Done(); return down(ctx.Err().Error()) }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, map[string]any{"pyfly.actuator.health.timeout": "20ms"}, withIndicator("shelf", c.health), withIndicator("other", always(lifecycle.HealthUp)))
			a := get(t, r.url+"/health")
			if a.status != 503 || at(t, a.json(t), "components", "shelf", "status") != "DOWN" || at(t, a.json(t), "components", "other", "status") != "UP" || !strings.Contains(a.body, c.want) {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
}

// shelfError is an error whose method needs its receiver.
type shelfError struct{ shelf string }

func (e *shelfError) Error() string { return e.shelf }

// MarshalJSON panics.
func (e shelfError) MarshalJSON() ([]byte, error) { panic("no JSON") }

func TestADetailNeverMakesHealthFail(t *testing.T) {
	cyclic := map[string]any{}
	cyclic["again"] = cyclic
	for name, c := range map[string]struct {
		detail any
		want   string
	}{
		"not a number":          {math.NaN(), `"detail":"NaN"`},
		"infinite":              {math.Inf(1), `"detail":"+Inf"`},
		"of another size":       {float32(math.Inf(-1)), `"detail":"-Inf"`},
		"in a map":              {map[string]any{"p99": math.NaN(), "p50": 1.5}, `"detail":{"p50":1.5,"p99":"NaN"}`},
		"in a list":             {[]any{math.NaN(), 2}, `"detail":["NaN",2]`},
		"in a list of numbers":  {[]float64{math.NaN()}, `"detail":"it cannot be encoded as JSON: json: unsupported value: NaN"`},
		"in a struct":           {struct{ P99 float64 }{math.NaN()}, "it cannot be encoded as JSON"},
		"a function":            {func() {}, "it cannot be encoded as JSON"},
		"a channel":             {make(chan int), "it cannot be encoded as JSON"},
		"itself":                {cyclic, "nested too deep"},
		"one that panics":       {shelfError{}, "no JSON"},
		"a nil error":           {(*shelfError)(nil), `"detail":`},
		"an error":              {errors.New("no shelf"), `"detail":"no shelf"`},
		"a number":              {int64(1) << 60, `"detail":1152921504606846976`},
		"a secret by its form":  {"ada:sesame@tcp(db:3306)/shop", `"detail":"******@tcp(db:3306)/shop"`},
		"a secret of an error":  {errors.New("no answer of redis://:sesame@cache"), `"detail":"no answer of redis://******@cache"`},
		"a secret by its name":  {map[string]any{"password": "sesame"}, `"detail":{"password":"******"}`},
		"a secret of a struct":  {struct{ Token, User string }{"sesame", "ada"}, `"detail":{"Token":"******","User":"ada"}`},
		"nothing":               {nil, `"detail":null`},
		"a time, which is text": {time.Unix(0, 0).UTC(), `"detail":"1970-01-01T00:00:00Z"`},
	} {
		t.Run(name, func(t *testing.T) {
			r := run(t, nil, withIndicator("shelf", func(context.Context) lifecycle.Health {
				return lifecycle.Health{Status: lifecycle.HealthUp, Details: map[string]any{"detail": c.detail, "other": "shown"}}
			}))
			a := get(t, r.url+"/health")
			if a.status != 200 || !strings.Contains(a.body, c.want) || !strings.Contains(a.body, `"other":"shown"`) || strings.Contains(a.body, "sesame") {
				t.Errorf("%d %s, want %s", a.status, a.body, c.want)
			}
		})
	}
}

func down(text string) lifecycle.Health {
	return lifecycle.Health{Status: lifecycle.HealthDown, Details: map[string]any{"error": text}}
}

func TestAHangingIndicatorIsAskedOnceAtATime(t *testing.T) {
	asked := make(chan struct{}, 10)
	release := make(chan struct{})
	r := run(t, map[string]any{"pyfly.actuator.health.timeout": "20ms"}, withIndicator("shelf", func(context.Context) lifecycle.Health {
		asked <- struct{}{}
		<-release
		return lifecycle.Health{Status: lifecycle.HealthUp}
	}))
	defer close(release)
	for range 5 {
		if a := get(t, r.url+"/health"); !strings.Contains(a.body, "no response within 20ms") {
			t.Errorf("%s", a.body)
		}
	}
	if len(asked) != 1 {
		t.Errorf("it was asked %d times", len(asked))
	}
}

func TestAnOpenCircuitDegradesHealthBySetting(t *testing.T) {
	for setting, want := range map[string]string{"degraded": "DEGRADED 200", "down": "DOWN 503", "ignore": "UP 200"} {
		t.Run(setting, func(t *testing.T) {
			r := run(t, map[string]any{"pyfly.actuator.health.circuit-breakers": setting})
			if a := get(t, r.url+"/health"); at(t, a.json(t), "status") != "UP" {
				t.Errorf("before: %s", a.body)
			}
			r.openCircuit(t)
			a := get(t, r.url+"/health")
			status, code, _ := strings.Cut(want, " ")
			if at(t, a.json(t), "status") != status || code == "503" != (a.status == 503) {
				t.Errorf("%d %s, want %s", a.status, a.body, want)
			}
			if breaker := at(t, a.json(t), "components", "circuitBreakers", "details", "stock-client"); at(t, breaker, "status") != "CIRCUIT_OPEN" || at(t, breaker, "details", "state") != "OPEN" {
				t.Errorf("%v", breaker)
			}
			for _, group := range []string{"liveness", "readiness"} {
				if a := get(t, r.url+"/health/"+group); a.status != 200 {
					t.Errorf("a sick dependency must not restart or isolate the application: %s: %s", group, a.body)
				}
			}
		})
	}
}

func TestGroupsHoldWhatIsAddedToThem(t *testing.T) {
	r := run(t, map[string]any{"pyfly.actuator.health.readiness": "shelf"}, withIndicator("shelf", always(lifecycle.HealthDown)))
	if a := get(t, r.url+"/health/readiness"); a.status != 503 || at(t, a.json(t), "components", "shelf", "status") != "DOWN" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := get(t, r.url+"/health/liveness"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestAComponentThatThereIsNotStopsTheStart(t *testing.T) {
	for name, c := range map[string]struct {
		settings string
		want     []string
	}{
		"misspelt": {"readiness: wacher", []string{`pyfly.yaml:4: pyfly.actuator.health.readiness: there is no health component "wacher": did you mean watcher?`}},
		"in a list": {"liveness: [watcher, database]", []string{
			`pyfly.yaml:4: pyfly.actuator.health.liveness: there is no health component "database": write one or more of circuitBreakers, lazy, livenessState, readinessState, watcher`}},
		"in both":                     {"readiness: [wacher]\n      liveness: watchr", []string{`health.readiness: there is no health component "wacher"`, `health.liveness: there is no health component "watchr"`}},
		"a bean that is no indicator": {"readiness: shelf", []string{`there is no health component "shelf"`}},
		"one that there is":           {"readiness: [watcher, circuitBreakers, lazy]", nil},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pyfly.yaml")
			if err := os.WriteFile(path, []byte("pyfly:\n  actuator:\n    health:\n      "+c.settings+"\n    port: 0\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg, err := config.Load(config.File(path))
			if err != nil {
				t.Fatal(err)
			}
			app := newApp(nil, container.WithConfig(cfg))
			withIndicator("watcherHealthIndicator", always(lifecycle.HealthUp))(app)
			app.Register(func() *lazyIndicator { return &lazyIndicator{} }, container.Named("lazy"), container.Lazy())
			app.RegisterInstance(&shelf{})
			err = app.Start(t.Context())
			if c.want == nil {
				if err != nil {
					t.Error(err)
				}
				_ = app.Stop(context.Background())
				return
			}
			for _, want := range c.want {
				if err == nil || !strings.Contains(err.Error(), want) || !errors.Is(err, kernel.ErrConfig) {
					t.Errorf("%v\nwant %s", err, want)
				}
			}
		})
	}
}

type lazyIndicator struct{ indicator }

func TestTwoIndicatorsOfOneNameStopTheStart(t *testing.T) {
	for name, c := range map[string]struct{ first, second, want string }{
		"with and without the suffix": {"stock", "stockHealthIndicator", `stock and stockHealthIndicator have the same health component name "stock"`},
		"that of the actuator":        {"stock", "circuitBreakers", `the bean circuitBreakers has the name of the health component "circuitBreakers", which the actuator itself provides`},
		"that of a group":             {"stock", "readinessHealthIndicator", `"readiness", which the actuator itself provides`},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(nil)
			withIndicator(c.first, always(lifecycle.HealthUp))(app)
			app.Register(func() *lazyIndicator { return &lazyIndicator{indicator{always(lifecycle.HealthDown)}} }, container.Named(c.second))
			if err := app.Start(t.Context()); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v\nwant %s", err, c.want)
			}
		})
	}
}

func TestEachInstanceOfAPrototypeIsTheSameComponent(t *testing.T) {
	app := newApp(nil)
	app.Register(func() *lazyIndicator { return &lazyIndicator{indicator{always(lifecycle.HealthUp)}} }, container.Named("stock"), container.Prototype())
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := container.Get[*lazyIndicator](app); err != nil {
			t.Error(err)
		}
	}
	if a := get(t, serverOf(app).URL()+"/health/stock"); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

// slow is a bean whose Start takes until a test lets it go on.
type slow struct{ goOn, started, stopping chan struct{} }

func (s *slow) Start(ctx context.Context) error {
	close(s.started)
	select {
	case <-s.goOn:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *slow) Stop(context.Context) error {
	s.stopping <- struct{}{}
	<-s.goOn
	return nil
}

func TestTheApplicationIsOutOfServiceWhileItStartsAndStops(t *testing.T) {
	s := &slow{make(chan struct{}), make(chan struct{}), make(chan struct{})}
	app := newApp(nil)
	app.RegisterInstance(s)
	var server *actuator.Server
	app.Register(func(s *actuator.Server) *shelf { server = s; return &shelf{} })
	started := make(chan error)
	go func() { started <- app.Start(t.Context()) }()
	<-s.started

	url := server.URL()
	if a := get(t, url+"/health/readiness"); a.status != 503 || at(t, a.json(t), "status") != "OUT_OF_SERVICE" {
		t.Errorf("while it starts: %d %s", a.status, a.body)
	}
	if a := get(t, url+"/health/liveness"); a.status != 200 {
		t.Errorf("while it starts: %d %s", a.status, a.body)
	}
	s.goOn <- struct{}{}
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if a := get(t, url+"/health/readiness"); a.status != 200 {
		t.Errorf("when it runs: %d %s", a.status, a.body)
	}
	stopped := make(chan error)
	go func() { stopped <- app.Stop(context.Background()) }()
	<-s.stopping
	if a := get(t, url+"/health/readiness"); a.status != 503 {
		t.Errorf("while it stops: %d %s", a.status, a.body)
	}
	s.goOn <- struct{}{}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}

// TestTheApplicationIsOutOfServiceAsSoonAsItsShutdownBegins starts it twice, with a
// subscriber that hangs.
func TestTheApplicationIsOutOfServiceAsSoonAsItsShutdownBegins(t *testing.T) {
	app := newApp(map[string]any{"pyfly.context.shutdown-delay": "1h", "pyfly.context.shutdown-timeout": "1s"})
	release := make(chan struct{})
	defer close(release)
	shuttingDown := make(chan struct{})
	lifecycle.Subscribe(app.Events(), func(lifecycle.ShutdownStarted) { <-release })
	lifecycle.Subscribe(app.Events(), func(lifecycle.ShutdownStarted) { shuttingDown <- struct{}{} })
	for range 2 {
		if err := app.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		url := serverOf(app).URL()
		if a := get(t, url+"/health/readiness"); a.status != 200 {
			t.Errorf("when it runs: %d %s", a.status, a.body)
		}
		ctx, cancel := context.WithCancel(context.Background())
		stopped := make(chan error, 1)
		go func() { stopped <- app.Stop(ctx) }()
		<-shuttingDown
		if a := get(t, url+"/health/readiness"); a.status != 503 || at(t, a.json(t), "status") != "OUT_OF_SERVICE" {
			t.Errorf("while it shuts down: %d %s", a.status, a.body)
		}
		if a := get(t, url+"/health/liveness"); a.status != 200 {
			t.Errorf("while it shuts down: %d %s", a.status, a.body)
		}
		cancel()
		<-stopped // Stop has no time to wait for connections, and may say so
	}
}
