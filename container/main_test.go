// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newApp makes a context that reads no files and logs nowhere.
func newApp(opts ...container.Option) *container.ApplicationContext {
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	defaults := []container.Option{container.WithConfig(config.New(nil)), container.WithLogger(quiet)}
	return container.NewApplicationContext(append(defaults, opts...)...)
}

// start starts a context and stops it when the test ends.
func start(t *testing.T, app *container.ApplicationContext) {
	t.Helper()
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// startFails starts a context that must not start, and returns the report.
func startFails(t *testing.T, app *container.ApplicationContext) *container.StartupError {
	t.Helper()
	err := app.Start(context.Background())
	var report *container.StartupError
	if !errors.As(err, &report) {
		t.Fatalf("Start returned %v, want a *StartupError", err)
	}
	return report
}

// only returns the report's single problem, which must have the given code.
func only(t *testing.T, report *container.StartupError, code container.ProblemCode) *container.Problem {
	t.Helper()
	if len(report.Problems) != 1 || report.Problems[0].Code != code {
		t.Fatalf("want one problem %s, got:\n%v", code, report)
	}
	return report.Problems[0]
}

// journal records what happened, in order.
type journal struct {
	mu      sync.Mutex
	entries []string
}

func (j *journal) add(entry string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
}

func (j *journal) equals(t *testing.T, want ...string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Equal(j.entries, want) {
		t.Errorf("what happened:\n  %s\nwant:\n  %s", strings.Join(j.entries, "\n  "), strings.Join(want, "\n  "))
	}
}

// recorder is a bean that records its hooks.
type recorder struct {
	name    string
	journal *journal
	fail    map[string]error
}

func (r *recorder) PostConstruct(context.Context) error { return r.hook("PostConstruct") }
func (r *recorder) Start(context.Context) error         { return r.hook("Start") }
func (r *recorder) Stop(context.Context) error          { return r.hook("Stop") }
func (r *recorder) PreDestroy(context.Context) error    { return r.hook("PreDestroy") }

func (r *recorder) hook(name string) error {
	r.journal.add(name + " " + r.name)
	return r.fail[name]
}
