// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

const (
	alerts    = "../docs/operations/alerts.yaml"
	dashboard = "../docs/operations/grafana-dashboard.json"
)

// read skips the test if the file is not there yet.
func read(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not written yet", file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestTheAlertsAreRulesThatPrometheusReads(t *testing.T) {
	t.Parallel()
	promtool := program(t, "promtool")
	read(t, alerts)
	if said, err := exec.CommandContext(t.Context(), promtool, "check", "rules", "--lint=all", "--lint-fatal", alerts).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}

func TestAlertsAndDashboardAskForMetricsThatExist(t *testing.T) {
	t.Parallel()
	for _, file := range []string{alerts, dashboard} {
		t.Run(file, func(t *testing.T) {
			queries := queriesOf(t, file, read(t, file))
			told := scrape(t, startTraffic(t).url+"/prometheus")
			asked := metricName.FindAllString(queries, -1)
			if len(asked) < 5 {
				t.Errorf("only %d metrics are asked for: %q", len(asked), asked)
			}
			for _, name := range asked {
				if !regexp.MustCompile(`(?m)^` + name + `[ {]`).MatchString(told) {
					t.Errorf("there is no metric %s", name)
				}
			}
		})
	}
}

// metricName finds what an actuator can have told Prometheus.
var metricName = regexp.MustCompile(`\b(pyfly|http_client|go|process|target)_[a-z0-9_]+\b`)

// queriesOf are the lines of YAML without comments, or what JSON has below
// "expr" and "query".
func queriesOf(t *testing.T, file, text string) string {
	t.Helper()
	if strings.HasSuffix(file, ".yaml") {
		return regexp.MustCompile(`(?m)(^|\s)#.*$`).ReplaceAllString(text, "")
	}
	var decoded any
	if err := json.Unmarshal([]byte(text), &decoded); err != nil {
		t.Fatal(err)
	}
	var queries []string
	gather(decoded, func(query string) { queries = append(queries, query) })
	return strings.Join(queries, "\n")
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
