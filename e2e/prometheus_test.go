// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestPromtoolHasNothingToSayOfTheMetrics(t *testing.T) {
	t.Parallel()
	promtool := program(t, "promtool")
	tr := startTraffic(t)
	text := scrape(t, tr.url+"/prometheus")
	for _, moved := range moved {
		if !regexp.MustCompile(`(?m)^` + moved).MatchString(text) {
			t.Errorf("not moved: %s", moved)
		}
	}
	if t.Failed() {
		t.Log(text)
	}
	check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	check.Stdin = strings.NewReader(text)
	if said, err := check.CombinedOutput(); err != nil || len(said) > 0 {
		t.Errorf("%v: %s", err, said)
	}
}

// moved is what all instruments are after the traffic.
var moved = []string{
	`http_client_request_duration_seconds_count\{.*http_response_status_code="503"`,
	`pyfly_client_call_duration_seconds_count\{client="fine-client".*method="Get".*\} 7`,
	`pyfly_client_call_duration_seconds_count\{client="retry-client",error_type="503".*\} 2`,
	`pyfly_client_active_calls\{client="fine-client"\} 0`,
	`pyfly_client_retries_total\{client="retry-client",method="Get"\} 4`,
	`pyfly_client_retry_budget_exhausted_total\{client="budget-client",method="Get"\} 2`,
	`pyfly_client_hedges_total\{client="hedge-client",method="Get"\} 1`,
	`pyfly_client_hedge_wins_total\{client="hedge-client",method="Get"\} 1`,
	`pyfly_client_rejections_total\{client="open-client",method="Get",reason="circuit_open"\} [1-9]`,
	`pyfly_client_rejections_total\{client="rate-client",method="Get",reason="rate_limit"\} 2`,
	`pyfly_client_rejections_total\{client="bulkhead-client",method="Get",reason="bulkhead_full"\} 1`,
	`pyfly_client_rejections_total\{client="adaptive-client",method="Get",reason="bulkhead_full"\} 1`,
	`pyfly_client_slow_calls_total\{client="slow-client"\} 1`,
	`pyfly_client_stale_answers_total\{client="stale-client",method="Get"\} 1`,
	`pyfly_resilience_circuit_breaker_state\{name="open-client",state="open"\} 1`,
	`pyfly_resilience_circuit_breaker_transitions_total\{name="open-client",state="open"\} 1`,
	`pyfly_resilience_bulkhead_active\{name="bulkhead-client"\} 0`,
	`pyfly_resilience_bulkhead_queued\{name="bulkhead-client"\} 0`,
	`pyfly_resilience_bulkhead_limit\{name="bulkhead-client"\} 1`,
	`pyfly_resilience_adaptive_limiter_limit\{name="adaptive-client"\} 1`,
	`go_goroutines \d`,
	`process_start_time_seconds \d`,
}

func TestPrometheusScrapesOnLoopback(t *testing.T) {
	t.Parallel()
	tr := startTraffic(t)
	p := startPrometheus(t, tr.url, "")
	p.await(`up{job="pyfly"}`, "1")
	p.await(`sum(pyfly_client_call_duration_seconds_count{client="fine-client"})`, fmt.Sprint(tr.calls))
	p.await(`histogram_quantile(0.5, sum by (le) (pyfly_client_call_duration_seconds_bucket{client="fine-client"})) < bool 2`, "1")
	p.await(`count(target_info{service_name="shop"})`, "1")
}

func TestPrometheusScrapesWithTheTokenBeyondLoopback(t *testing.T) {
	t.Parallel()
	tr := startTraffic(t, set("pyfly.actuator.address", "0.0.0.0"))
	reached := strings.Replace(tr.url, "localhost", "127.0.0.1", 1)
	p := startPrometheus(t, reached, token)
	p.await(`up{job="pyfly"}`, "1")
	p.await(`sum(pyfly_client_call_duration_seconds_count{client="fine-client"})`, fmt.Sprint(tr.calls))
	without := startPrometheus(t, reached, "")
	without.await(`up{job="pyfly"}`, "0")
}

// prometheusServer is a real one, with a folder of its own.
type prometheusServer struct {
	t   *testing.T
	url string
}

// startPrometheus runs one that scrapes the actuator, and has the rules of the
// files.
func startPrometheus(t *testing.T, actuator, token string, rules ...string) *prometheusServer {
	t.Helper()
	path := program(t, "prometheus")
	folder := t.TempDir()
	file := filepath.Join(folder, "prometheus.yml")
	if err := os.WriteFile(file, []byte(prometheusSettings(t, actuator, token, rules)), 0o600); err != nil {
		t.Fatal(err)
	}
	said, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, path, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address=127.0.0.1:0", "--log.level=info")
	server.Stdout, server.Stderr = out, out
	server.Cancel = func() error { return server.Process.Signal(syscall.SIGTERM) }
	server.WaitDelay = limit
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	_ = out.Close()
	addresses, drained := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(drained)
		readAddress(said, addresses)
	}()
	t.Cleanup(func() {
		cancel()
		_ = server.Wait()
		_ = said.Close()
		<-drained
	})
	select {
	case address := <-addresses:
		return &prometheusServer{t, "http://" + address}
	case <-time.After(limit):
		t.Fatal("prometheus does not listen")
		return nil
	}
}

func prometheusSettings(t *testing.T, actuator, token string, rules []string) string {
	t.Helper()
	u, err := url.Parse(actuator)
	if err != nil {
		t.Fatal(err)
	}
	authorization := ""
	if token != "" {
		authorization = "\n    authorization:\n      credentials: " + token
	}
	files := ""
	for _, file := range rules {
		path, err := filepath.Abs(file)
		if err != nil {
			t.Fatal(err)
		}
		files += fmt.Sprintf("\n  - %q", path)
	}
	return fmt.Sprintf(`global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
rule_files:%s
scrape_configs:
  - job_name: pyfly
    metrics_path: %s/prometheus%s
    static_configs:
      - targets: ["%s"]
`, files, u.Path, authorization, u.Host)
}

// listening is in the line that tells of the port, and not in the one before it,
// which has port 0.
var listening = regexp.MustCompile(`address="?(127\.0\.0\.1:[1-9]\d*)\b`)

// readAddress finds where the server listens, and drops the rest.
func readAddress(said io.Reader, addresses chan<- string) {
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			select {
			case addresses <- found[1]:
			default: // it is known
			}
		}
	}
}

// await asks until the query has one answer, the wanted one.
func (p *prometheusServer) await(query, want string) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), limit)
	defer cancel()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		got, err := p.ask(ctx, query)
		if err == nil && got == want {
			return
		}
		select {
		case <-ctx.Done():
			p.t.Fatalf("%s is %q, want %q: %v", query, got, want, err)
		case <-ticker.C:
		}
	}
}

func (p *prometheusServer) ask(ctx context.Context, query string) (string, error) {
	var found struct {
		Result []struct {
			Value [2]any `json:"value"`
		} `json:"result"`
	}
	if err := p.get(ctx, "/api/v1/query?query="+url.QueryEscape(query), &found); err != nil {
		return "", err
	}
	if len(found.Result) != 1 {
		return "", fmt.Errorf("there are %d answers", len(found.Result))
	}
	return fmt.Sprint(found.Result[0].Value[1]), nil
}

// failedRules are the errors of rules.
func (p *prometheusServer) failedRules() (errs []string) {
	p.t.Helper()
	var found struct {
		Groups []struct {
			Rules []struct {
				Name      string `json:"name"`
				LastError string `json:"lastError"`
			} `json:"rules"`
		} `json:"groups"`
	}
	if err := p.get(p.t.Context(), "/api/v1/rules", &found); err != nil || len(found.Groups) == 0 {
		p.t.Fatal("there are no rules: ", err)
	}
	for _, group := range found.Groups {
		for _, rule := range group.Rules {
			if rule.LastError != "" {
				errs = append(errs, rule.Name+": "+rule.LastError)
			}
		}
	}
	return errs
}

func (p *prometheusServer) get(ctx context.Context, path string, data any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, nil)
	if err != nil {
		return err
	}
	response, err := httpClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	answer := struct {
		Error string `json:"error"`
		Data  any    `json:"data"`
	}{Data: data}
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return err
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}

func scrape(t *testing.T, url string) string {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := httpClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d %v", response.StatusCode, err)
	}
	return string(text)
}
