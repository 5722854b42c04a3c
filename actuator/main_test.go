// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/actuator"
	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/container/containertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const token = "correct-horse-battery-staple"

// StockClient is the client of the tests.
type StockClient struct {
	client.ServiceClient `retry:"2" retry-base-delay:"0s" failure-threshold:"3" recovery-timeout:"1h"`

	Get   func(ctx context.Context, id string) (string, error) `get:"/products/{id}"`
	Count func(ctx context.Context) (int, error)               `get:"/count"`
}

// running is an application with an actuator, and the service that it calls.
type running struct {
	*StockClient
	app    *container.ApplicationContext
	url    string // of the actuator
	status atomic.Int32
}

// options are those of an application whose actuator takes any free port.
func options(settings map[string]any) []container.Option {
	all := map[string]any{"pyfly.actuator.port": 0}
	maps.Copy(all, settings)
	return []container.Option{container.WithLogger(slog.New(slog.DiscardHandler)), container.WithConfig(config.New(all))}
}

// newApp makes an application with an actuator, which the test starts.
func newApp(settings map[string]any, opts ...container.Option) *container.ApplicationContext {
	app := container.NewApplicationContext(append(options(settings), opts...)...)
	app.Install(client.Module(), actuator.Module())
	return app
}

func serverOf(app *container.ApplicationContext) *actuator.Server {
	return container.Must(container.Get[*actuator.Server](app))
}

// run starts an application with a client whose service answers with
// running.status.
func run(t *testing.T, settings map[string]any, register ...func(*container.ApplicationContext)) *running {
	t.Helper()
	r := &running{}
	r.status.Store(http.StatusOK)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(int(r.status.Load()))
		_, _ = io.WriteString(w, "some")
	}))
	t.Cleanup(service.Close)
	all := map[string]any{"pyfly.client.services.stock-client.base-url": service.URL, "pyfly.actuator.token": token}
	maps.Copy(all, settings)
	own := container.Module{Name: "shop", Configure: func(app *container.ApplicationContext) {
		client.Register[StockClient](app)
		for _, register := range register {
			register(app)
		}
	}}
	r.app = containertest.NewWith(t, options(all), client.Module(), actuator.Module(), own)
	r.url = serverOf(r.app).URL()
	r.StockClient = container.Must(container.Get[*StockClient](r.app))
	return r
}

// openCircuit lets calls fail until the circuit opens.
func (r *running) openCircuit(t *testing.T) {
	t.Helper()
	r.status.Store(http.StatusServiceUnavailable)
	for range 10 {
		if r.CircuitBreaker().State() == client.StateOpen {
			return
		}
		_, _ = r.Get(t.Context(), "1")
	}
	t.Fatal("the circuit does not open")
}

// httpClient keeps no connections, so that none is left behind.
var httpClient = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// answer is a response that has been read.
type answer struct {
	status int
	header http.Header
	body   string
}

// json decodes the answer.
func (a answer) json(t *testing.T) map[string]any {
	t.Helper()
	var decoded map[string]any
	if err := json.Unmarshal([]byte(a.body), &decoded); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return decoded
}

type edit func(*http.Request)

func withHeader(name, value string) edit { return func(r *http.Request) { r.Header.Set(name, value) } }
func withHost(host string) edit          { return func(r *http.Request) { r.Host = host } }
func withToken(r *http.Request)          { r.Header.Set("Authorization", "Bearer "+token) }

func ask(t *testing.T, method, url, body string, edits ...edit) answer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, edit := range edits {
		edit(request)
	}
	response, err := httpClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(text)}
}

func get(t *testing.T, url string, edits ...edit) answer {
	t.Helper()
	return ask(t, http.MethodGet, url, "", edits...)
}

// at walks down a decoded answer.
func at(t *testing.T, v any, path ...string) any {
	t.Helper()
	for _, key := range path {
		object, ok := v.(map[string]any)
		if !ok || object[key] == nil {
			t.Fatalf("there is no %s of %v in %v", key, path, v)
		}
		v = object[key]
	}
	return v
}
