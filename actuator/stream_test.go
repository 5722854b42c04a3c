// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// follower is a client of the event stream.
type follower struct {
	t      *testing.T
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

func follow(t *testing.T, url string) *follower {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := httpClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = response.Body.Close() })
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("%d %v", response.StatusCode, response.Header)
	}
	scanner := bufio.NewScanner(response.Body)
	scanner.Buffer(nil, 1<<20)
	return &follower{t, scanner, cancel}
}

// await returns the data of the next message of that name for which is holds.
func (f *follower) await(name string, is func(map[string]any) bool) map[string]any {
	f.t.Helper()
	event := ""
	for f.lines.Scan() {
		line := f.lines.Text()
		if after, ok := strings.CutPrefix(line, "event: "); ok {
			event = after
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if !ok || event != name {
			continue
		}
		var decoded map[string]any
		if err := json.Unmarshal([]byte(data), &decoded); err != nil {
			f.t.Fatal(err)
		}
		if is(decoded) {
			return decoded
		}
	}
	f.t.Fatalf("the stream ended before %s: %v", name, f.lines.Err())
	return nil
}

func any1(map[string]any) bool { return true }

func TestACircuitThatOpensIsToldAtOnce(t *testing.T) {
	r := run(t, map[string]any{"pyfly.app.name": "shop"})
	f := follow(t, r.url)
	if hello := f.await("hello", any1); hello["application"] != "shop" {
		t.Errorf("%v", hello)
	}
	begun := time.Now()
	r.openCircuit(t)
	change := f.await("breaker", any1)
	if change["name"] != "stock-client" || change["client"] != "stock-client" || change["from"] != "closed" || change["to"] != "open" {
		t.Errorf("%v", change)
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("it was told after %s", took)
	}
	batch := f.await("events", any1)
	kinds := map[string]bool{}
	for _, e := range batch["events"].([]any) {
		kinds[at(t, e, "kind").(string)] = true
	}
	if !kinds["state-changed"] || !kinds["retry-scheduled"] {
		t.Errorf("told were %v", kinds)
	}
	tick := f.await("tick", func(tick map[string]any) bool {
		return at(t, tick, "clients", "stock-client", "breakers", "stock-client") == "open"
	})
	if c := at(t, tick, "clients", "stock-client"); at(t, c, "calls").(float64) < 2 || at(t, c, "failures").(float64) < 2 {
		t.Errorf("%v", c)
	}
}

func TestTicksTellRateErrorsAndLatencies(t *testing.T) {
	r := run(t, nil)
	f := follow(t, r.url)
	f.await("tick", any1)
	for range 30 {
		if _, err := r.Get(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
	}
	r.status.Store(http.StatusNotFound) // an answer: the service is well
	_, _ = r.Count(t.Context())
	tick := f.await("tick", func(tick map[string]any) bool { return at(t, tick, "clients", "stock-client", "calls") == 31.0 })
	c := at(t, tick, "clients", "stock-client")
	for _, name := range []string{"rate", "p50", "p95", "p99"} {
		if v, ok := at(t, c, name).(float64); !ok || v <= 0 {
			t.Errorf("%s is %v", name, v)
		}
	}
	if at(t, c, "errors") != 0.0 || at(t, c, "failures") != 1.0 {
		t.Errorf("a 404 is no sickness: %v", c)
	}
	h := get(t, r.url+"/history").json(t)
	times := at(t, h, "at").([]any)
	for _, name := range []string{"rate", "errors", "rejections", "p50", "p95", "p99", "inFlight"} {
		if column := at(t, h, "clients", "stock-client", name).([]any); len(column) != len(times) {
			t.Errorf("%d values of %s for %d times", len(column), name, len(times))
		}
	}
	if changes := at(t, h, "breakers", "stock-client", "changes").([]any); len(changes) != 1 || at(t, changes[0], "state") != "closed" {
		t.Errorf("the breaker's states: %v", changes)
	}
}

func TestManyEventsAreToldAsFew(t *testing.T) {
	r := run(t, nil)
	f := follow(t, r.url)
	f.await("hello", any1)
	var publishers sync.WaitGroup
	const each = 5000
	for range 4 {
		publishers.Go(func() {
			for i := range each {
				lifecycle.Publish(r.app.Events(), client.PolicyEvent{
					Kind: client.EventRejected, Client: "stock-client", Method: string(rune('a'+i%26)) + strings.Repeat("x", i%10), At: time.Now(),
				})
			}
		})
	}
	publishers.Wait()
	told, omitted, batches := 0.0, 0.0, 0
	for told+omitted < 4*each {
		batch := f.await("events", any1)
		batches++
		omitted += batch["omitted"].(float64)
		if events := batch["events"].([]any); len(events) > 100 {
			t.Errorf("a batch of %d", len(events))
		}
		for _, e := range batch["events"].([]any) {
			told += at(t, e, "count").(float64)
		}
	}
	if told+omitted != 4*each || batches > 40 {
		t.Errorf("%v told and %v omitted in %d batches", told, omitted, batches)
	}
}

func TestAClientThatNeverReadsDisturbsNobody(t *testing.T) {
	r := run(t, map[string]any{"pyfly.actuator.max-streams": 3})
	follow(t, r.url) // and never reads
	other := follow(t, r.url)
	other.await("hello", any1)
	text := strings.Repeat("x", 200)
	for i := range 200 { // more than any buffer on the way holds
		for j := range 100 {
			lifecycle.Publish(r.app.Events(), client.PolicyEvent{
				Kind: client.EventRejected, Client: "stock-client", Method: text + string(rune('a'+j%26)) + string(rune('a'+j/26)), At: time.Now(),
			})
		}
		if i%10 == 0 {
			other.await("events", any1)
		}
	}
	if _, err := r.Get(t.Context(), "1"); err != nil {
		t.Error(err)
	}
	other.await("tick", any1)
}

func TestThereAreOnlySoManyStreams(t *testing.T) {
	r := run(t, map[string]any{"pyfly.actuator.max-streams": 2})
	first := follow(t, r.url)
	follow(t, r.url)
	if a := get(t, r.url+"/events"); a.status != 503 || a.header.Get("Retry-After") == "" || !strings.Contains(a.body, "pyfly.actuator.max-streams") {
		t.Errorf("%d %s", a.status, a.body)
	}
	first.cancel()
	for {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, r.url+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := httpClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode == 200 {
			return // the place has become free
		}
	}
}

func TestHeadOfTheStreamEndsAtOnce(t *testing.T) {
	r := run(t, map[string]any{"pyfly.actuator.max-streams": 1})
	for range 3 { // none takes a place
		begun := time.Now()
		a := ask(t, http.MethodHead, r.url+"/events", "")
		if a.status != 200 || a.header.Get("Content-Type") != "text/event-stream" || a.body != "" {
			t.Errorf("%d %v", a.status, a.header)
		}
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
	}
	follow(t, r.url).await("hello", any1)
	if a := ask(t, http.MethodHead, r.url+"/events", "", withHeader("Via", "1.1 proxy")); a.status != 401 {
		t.Errorf("without the token: %d", a.status)
	}
}

func TestStreamsEndWithTheApplication(t *testing.T) {
	app := newApp(nil)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	url := serverOf(app).URL()
	f := follow(t, url)
	f.await("hello", any1)
	begun := time.Now()
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the stop took %s", took)
	}
	for f.lines.Scan() {
	}
	if err := f.lines.Err(); err != nil {
		t.Errorf("the stream was cut: %v", err)
	}
}
