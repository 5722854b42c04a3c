// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/actuator"
	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/examples/internal/screen"
)

// These tests keep docs/operations.md and the files beside it true.

// inTests is an application as a test of its health wants it.
func inTests() *container.ApplicationContext {
	app := container.NewApplicationContext(
		container.WithLogger(slog.New(slog.DiscardHandler)),
		container.WithConfig(config.New(map[string]any{"pyfly.actuator.port": 0})), // any free port
	)
	app.Install(client.Module(), actuator.Module())
	app.Register(func() *Sales { return &Sales{} }, container.Named("sales"))
	return app
}

func TestTheHealthOfTheShop(t *testing.T) {
	app := inTests()
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(context.Background()) }()

	url := container.Must(container.Get[*actuator.Server](app)).URL() // http://127.0.0.1:40123/actuator
	status, body := get(t, url+"/health/sales")
	if status != http.StatusOK || !strings.Contains(body, `"status":"UP"`) {
		t.Errorf("%d %s", status, body)
	}
}

// get keeps no connection.
func get(t *testing.T, url string) (status int, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}

func TestTheSettingsOfTheGuideAreRead(t *testing.T) {
	t.Setenv("ACTUATOR_TOKEN", strings.Repeat("x", 32))
	cfg, err := config.Load(config.File("../../docs/snippets/operations/pyfly.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var s actuator.Settings
	if err := cfg.Bind("pyfly.actuator", &s); err != nil {
		t.Fatal(err)
	}
	if s.Address != "0.0.0.0" || len(s.AllowedHosts) != 1 || len(s.Health.Readiness) != 1 || s.Token == "" {
		t.Errorf("read as %+v", s)
	}
}

// TestTheGuideNamesEachSetting compares the table of the guide with what the
// application shows.
func TestTheGuideNamesEachSetting(t *testing.T) {
	guide := read(t, "../../docs/operations.md")
	settings := regexp.MustCompile("koanf:\"([a-z-]+)\"(?: default:\"([^\"]*)\")?").FindAllStringSubmatch(read(t, "../../actuator/settings.go"), -1)
	if len(settings) < 10 {
		t.Fatalf("only %d settings were found", len(settings))
	}
	for _, s := range settings {
		row := regexp.MustCompile("(?m)^\\| `(?:health\\.)?" + s[1] + "` \\|.*\\|(.*)\\|$").FindStringSubmatch(guide)
		if row == nil && s[1] != "health" {
			t.Errorf("docs/operations.md has no row of %s", s[1])
		}
		if row != nil && s[2] != "" && strings.Trim(row[1], " `") != s[2] {
			t.Errorf("docs/operations.md says that %s is %s by default, but it is %s", s[1], row[1], s[2])
		}
	}
}

func TestTheDashboardAndTheAlertsAreOfMetricsThatThereAre(t *testing.T) {
	quick(t)
	var scraped string
	out := &screen.Screen{When: "come back"}
	out.Then = func() {
		address := regexp.MustCompile(`http://\S+/actuator`).FindString(out.String())
		_, scraped = get(t, address+"/prometheus")
	}
	if err := run(t.Context(), []string{"-port", "0", "-once", "-phase", "1s", "-calls-per-second", "80"}, out); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"grafana-dashboard.json", "alerts.yaml"} {
		metrics := regexp.MustCompile(`\b(pyfly|http|go|process)_[a-z0-9_]+_[a-z]+\b`).FindAllString(read(t, "../../docs/operations/"+file), -1)
		if len(metrics) < 6 {
			t.Errorf("only %d metrics were found in %s", len(metrics), file)
		}
		for _, metric := range metrics {
			if metric != "http_response_status_code" && metric != "http_request_method" && !strings.Contains(scraped, "\n"+metric) {
				t.Errorf("%s asks for %s, which there is not", file, metric)
			}
		}
	}
	if !json.Valid([]byte(read(t, "../../docs/operations/grafana-dashboard.json"))) {
		t.Error("the dashboard is no JSON")
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
