// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const (
	alerts    = "../docs/operations/alerts.yaml"
	dashboard = "../docs/operations/grafana-dashboard.json"
)

func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestTheAlertsAreRulesThatPrometheusReads(t *testing.T) {
	t.Parallel()
	promtool := program(t, "promtool")
	for _, check := range [][]string{
		{"check", "rules", "--lint=all", "--lint-fatal", alerts},
		{"test", "rules", "../docs/operations/alerts_test.yaml"},
	} {
		if said, err := exec.CommandContext(t.Context(), promtool, check...).CombinedOutput(); err != nil {
			t.Errorf("%q: %v: %s", check, err, said)
		}
	}
}

func TestAlertsAndDashboardAskForMetricsThatExist(t *testing.T) {
	t.Parallel()
	told := scrape(t, startTraffic(t).url+"/prometheus")
	for _, file := range []string{alerts, dashboard} {
		asked := metricName.FindAllString(strings.Join(queriesOf(t, read(t, file)), "\n"), -1)
		if len(asked) < 5 {
			t.Errorf("%s asks for %d metrics only: %q", file, len(asked), asked)
		}
		for _, name := range asked {
			if !regexp.MustCompile(`(?m)^` + name + `[ {]`).MatchString(told) {
				t.Errorf("%s asks for %s, which there is not", file, name)
			}
		}
	}
}

func TestPrometheusAnswersEveryQueryOfTheDashboard(t *testing.T) {
	t.Parallel()
	p := startPrometheus(t, startTraffic(t).url, "", alerts)
	p.await(`up{job="pyfly"}`, "1")
	p.await(`count(count_over_time(up{job="pyfly"}[1m]) > 2)`, "1") // rates need more than one sample
	variables := strings.NewReplacer("$__rate_interval", "1m", "$__interval", "1m", "$job", ".*", "$client", ".*", "$method", ".*")
	for _, query := range queriesOf(t, read(t, dashboard)) {
		if strings.HasPrefix(query, "label_values(") || query == "prometheus" {
			continue // Grafana's own
		}
		p.await(`count(`+variables.Replace(query)+`) >= bool 1`, "1")
	}
	p.await(`ALERTS{alertname="PyFlyCircuitOpen", name="open-client"}`, "1")
	if errs := p.failedRules(); len(errs) > 0 {
		t.Errorf("rules fail: %q", errs)
	}
}

// metricName finds what an actuator can have told Prometheus.
var metricName = regexp.MustCompile(`\b(pyfly|http_client|go|process|target)_[a-z0-9_]+\b`)

// queriesOf are what the file, which may be JSON, has below "expr" and the like.
func queriesOf(t *testing.T, text string) []string {
	t.Helper()
	var decoded any
	if err := yaml.Unmarshal([]byte(text), &decoded); err != nil {
		t.Fatal(err)
	}
	var queries []string
	gather(decoded, func(query string) { queries = append(queries, query) })
	return queries
}

func gather(v any, found func(string)) {
	switch v := v.(type) {
	case []any:
		for _, each := range v {
			gather(each, found)
		}
	case map[string]any:
		for key, each := range v {
			if text, isText := each.(string); isText && (key == "expr" || key == "query" || key == "definition") {
				found(text)
				continue
			}
			gather(each, found)
		}
	}
}
