// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/container"
)

// phased is a bean of a phase of its own.
type phased struct {
	recorder
	phase int
}

func (p *phased) Phase() int { return p.phase }

// lifeOf starts and stops a context and returns the order of starts and stops.
func lifeOf(t *testing.T, app *container.ApplicationContext, j *journal) (starts, stops string) {
	t.Helper()
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	var s, e []string
	for _, entry := range j.entries {
		if name, ok := strings.CutPrefix(entry, "Start "); ok {
			s = append(s, name)
		}
		if name, ok := strings.CutPrefix(entry, "Stop "); ok {
			e = append(e, name)
		}
	}
	return strings.Join(s, " "), strings.Join(e, " ")
}

func TestLowerPhasesStartFirstAndStopLast(t *testing.T) {
	j := &journal{}
	app := newApp()
	for name, phase := range map[string]int{"server": 100, "migration": -10} {
		app.RegisterInstance(&phased{recorder{name, j, nil}, phase}, container.Named(name))
	}
	app.RegisterInstance(&recorder{"cache", j, nil}, container.Named("cache"))
	app.RegisterInstance(&phased{recorder{"consumer", j, nil}, -1000}, container.Named("consumer"), container.Phase(50))

	starts, stops := lifeOf(t, app, j)
	if starts != "migration cache consumer server" || stops != "server consumer cache migration" {
		t.Errorf("started %s, stopped %s", starts, stops)
	}
	for _, b := range app.Beans() {
		if b.Name == "consumer" && b.Phase != 50 {
			t.Errorf("Beans says phase %d", b.Phase)
		}
	}
}

func TestWhatABeanNeedsStartsBeforeItWhateverThePhases(t *testing.T) {
	var log bytes.Buffer
	j := &journal{}
	app := newApp(container.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	app.RegisterInstance(&phased{recorder{"server", j, nil}, 100}, container.Named("server"))
	app.RegisterInstance(&phased{recorder{"early", j, nil}, -5}, container.Named("early"), container.DependsOn("plain"))
	app.RegisterInstance(&person{}, container.Named("plain"), container.DependsOn("server"))

	starts, stops := lifeOf(t, app, j)
	if starts != "server early" || stops != "early server" {
		t.Errorf("started %s, stopped %s", starts, stops)
	}
	if text := log.String(); !strings.Contains(text, "bean=server phase=100") || !strings.Contains(text, `"in phase"=-5`) {
		t.Errorf("no warning of the phase that could not be kept: %s", text)
	}
}

func TestAPlainBeanOfALatePhaseDoesNotPullWhatItNeeds(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.RegisterInstance(&phased{recorder{"server", j, nil}, 100}, container.Named("server"))
	app.RegisterInstance(&person{}, container.Named("plain"), container.DependsOn("server"))
	app.RegisterInstance(&recorder{"cache", j, nil}, container.Named("cache"))
	if starts, _ := lifeOf(t, app, j); starts != "cache server" {
		t.Errorf("started %s", starts)
	}
}

func TestExtremePhases(t *testing.T) {
	j := &journal{}
	app := newApp()
	for name, phase := range map[string]int{"last": math.MaxInt, "first": math.MinInt} {
		app.RegisterInstance(&phased{recorder{name, j, nil}, phase}, container.Named(name))
	}
	app.RegisterInstance(&recorder{"middle", j, nil}, container.Named("middle"))
	if starts, stops := lifeOf(t, app, j); starts != "first middle last" || stops != "last middle first" {
		t.Errorf("started %s, stopped %s", starts, stops)
	}
}

func TestOnlyABeanThatWasGivenALaterPhaseIsWarnedOf(t *testing.T) {
	dependents := func(app *container.ApplicationContext, j *journal) {
		app.RegisterInstance(&phased{recorder{"first", j, nil}, -5}, container.Named("first"), container.DependsOn("shared"))
		app.RegisterInstance(&phased{recorder{"last", j, nil}, 5}, container.Named("last"), container.DependsOn("shared"))
	}
	cases := map[string]struct {
		shared func(app *container.ApplicationContext, j *journal)
		want   int
	}{
		"without hooks": {func(app *container.ApplicationContext, _ *journal) {
			app.RegisterInstance(&person{}, container.Named("shared"))
		}, 0},
		"without hooks, of a phase of its own": {func(app *container.ApplicationContext, _ *journal) {
			app.RegisterInstance(&person{}, container.Named("shared"), container.Phase(1))
		}, 0},
		"with hooks and no phase": {func(app *container.ApplicationContext, j *journal) {
			app.RegisterInstance(&recorder{"shared", j, nil}, container.Named("shared"))
		}, 0},
		"of an earlier phase": {func(app *container.ApplicationContext, j *journal) {
			app.RegisterInstance(&recorder{"shared", j, nil}, container.Named("shared"), container.Phase(-6))
		}, 0},
		"given a later phase": {func(app *container.ApplicationContext, j *journal) {
			app.RegisterInstance(&phased{recorder{"shared", j, nil}, 3}, container.Named("shared"))
		}, 1},
		"given phase 0": {func(app *container.ApplicationContext, j *journal) {
			app.RegisterInstance(&recorder{"shared", j, nil}, container.Named("shared"), container.Phase(0))
		}, 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			log := &lines{}
			app, j := newApp(container.WithLogger(slog.New(slog.NewTextHandler(log, nil)))), &journal{}
			c.shared(app, j)
			dependents(app, j)
			lifeOf(t, app, j)
			if got := log.count("level=WARN"); got != c.want {
				t.Errorf("%d warnings, want %d: %s", got, c.want, log.text.String())
			}
		})
	}
}

// startingProcessor is a post-processor with a Start.
type startingProcessor struct {
	processor
	recorder
}

func TestProcessorsStartBeforeAndStopAfterAllOthers(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.RegisterInstance(&phased{recorder{"first", j, nil}, -1000}, container.Named("first"))
	app.RegisterPostProcessor(&startingProcessor{recorder: recorder{"processor", j, nil}})
	starts, stops := lifeOf(t, app, j)
	if starts != "processor first" || stops != "first processor" {
		t.Errorf("started %s, stopped %s", starts, stops)
	}
}

type panickingPhase struct{}

func (*panickingPhase) Phase() int { panic("which one?") }

func TestAPhaseThatPanicsIsReported(t *testing.T) {
	app := newApp()
	app.RegisterInstance(&panickingPhase{})
	if p := only(t, startFails(t, app), container.CodeHook); p.Bean != "panickingPhase" || !strings.Contains(p.What, "which one?") {
		t.Errorf("problem %v", p)
	}
}
