// SPDX-License-Identifier: Apache-2.0

package container

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// StartupReport says how long the parts of a start took. In JSON, durations are
// the text of time.Duration.String.
type StartupReport struct {
	Begun    time.Time     `json:"begun"`
	Took     time.Duration `json:"took"`
	Beans    int           `json:"beans"` // how many have been built
	Steps    []StartupStep `json:"steps"` // in the order in which they began
	Problems []*Problem    `json:"problems,omitempty"`
}

// MarshalJSON implements json.Marshaler.
func (r StartupReport) MarshalJSON() ([]byte, error) {
	type plain StartupReport
	return json.Marshal(struct {
		plain
		Took string `json:"took"`
	}{plain(r), r.Took.String()})
}

// StartupStep is one step of a start: a part of the whole if Bean is empty,
// "settings and graph", "build", "start"; else a part of one bean's life,
// "constructor", "BeforeInit", "PostConstruct", "AfterInit", "Start", "OnStart".
type StartupStep struct {
	Name  string        `json:"name"`
	Bean  string        `json:"bean,omitempty"`
	By    string        `json:"by,omitempty"` // the post-processor
	Begun time.Duration `json:"begun"`        // since the begin of the start
	Took  time.Duration `json:"took"`
}

// MarshalJSON implements json.Marshaler.
func (s StartupStep) MarshalJSON() ([]byte, error) {
	type plain StartupStep
	return json.Marshal(struct {
		plain
		Begun string `json:"begun"`
		Took  string `json:"took"`
	}{plain(s), s.Begun.String(), s.Took.String()})
}

// stepTiming is a step in the making.
type stepTiming struct {
	name, by    string
	begun, took time.Duration
}

// noticeable is how long a post-processor must have worked on a bean for that
// to be a step: most look at a bean and let it pass.
const noticeable = 50 * time.Microsecond

func (i *instance) noteProcessor(step, processor string, begun, end time.Duration) {
	if end-begun >= noticeable {
		i.note(stepTiming{step, processor, begun, end - begun})
	}
}

// Report returns the report of the last start, also if that failed. Before the first
// start it is empty. Steps of post-processors that took less than 50us are left out.
func (app *ApplicationContext) Report() StartupReport {
	r := app.last.Load()
	if r == nil {
		return StartupReport{}
	}
	report := StartupReport{Begun: r.begun, Took: r.took, Problems: r.problems}
	for _, s := range r.steps {
		report.Steps = append(report.Steps, StartupStep{Name: s.name, Begun: s.begun, Took: s.took})
	}
	if r.maker != nil {
		for _, i := range r.maker.settled() {
			if !i.isInfrastructure {
				report.Beans++
				report.Steps = append(report.Steps, i.startupSteps()...)
			}
		}
	}
	slices.SortStableFunc(report.Steps, func(a, b StartupStep) int { return cmp.Compare(a.Begun, b.Begun) })
	return report
}

var startupHooks = []string{"BeforeInit", "PostConstruct", "AfterInit", "Start", "OnStart"}

func (i *instance) startupSteps() []StartupStep {
	steps := []StartupStep{{Name: "constructor", Bean: i.name, Begun: i.begun, Took: i.constructed}}
	for _, s := range i.timings() {
		if slices.Contains(startupHooks, s.name) {
			steps = append(steps, StartupStep{Name: s.name, Bean: i.name, By: s.by, Begun: s.begun, Took: s.took})
		}
	}
	return steps
}

// Slowest returns at most n beans by the time that they took, the longest first,
// Start included.
func (r StartupReport) Slowest(n int) []StartupStep {
	took := map[string]int{}
	var beans []StartupStep
	for _, s := range r.Steps {
		if s.Bean == "" {
			continue
		}
		i, known := took[s.Bean]
		if !known {
			i = len(beans)
			took[s.Bean] = i
			beans = append(beans, StartupStep{Bean: s.Bean, Begun: s.Begun})
		}
		beans[i].Took += s.Took
	}
	slices.SortStableFunc(beans, func(a, b StartupStep) int { return cmp.Compare(b.Took, a.Took) })
	return beans[:min(n, len(beans))]
}

// String lays the steps out as a table, each with when it began and how long it
// took.
func (r StartupReport) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s in %s\n", plural(r.Beans, "bean"), rounded(r.Took))
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, s := range r.Steps {
		what := s.Name
		if s.Bean != "" {
			what = "  " + s.Bean + " " + s.Name
		}
		if s.By != "" {
			what += " by " + s.By
		}
		fmt.Fprintf(table, "+%s\t%s\t  %s\n", rounded(s.Begun), rounded(s.Took), what)
	}
	_ = table.Flush() // writes to a strings.Builder
	return text.String()
}

// rounded keeps what a person wants to read.
func rounded(d time.Duration) time.Duration {
	switch {
	case d >= time.Second:
		return d.Round(10 * time.Millisecond)
	case d >= time.Millisecond:
		return d.Round(10 * time.Microsecond)
	}
	return d.Round(time.Microsecond / 10)
}

// logStarted sums the start up in one line, unless that is not wanted.
func (r *run) logStarted() {
	logger := r.app.guarded
	if !r.app.sumsUp() || !logger.Enabled(r.life, slog.LevelInfo) {
		return
	}
	beans, slowest := r.slowest()
	args := []any{"beans", beans, "took", rounded(r.took), "slowest", slowest}
	logger.Info("application context started", append(args, r.app.sources()...)...)
}

// slowest returns how many beans there are, and the three that took longest.
func (r *run) slowest() (int, string) {
	const most = 3
	var slowest []*instance
	beans := 0
	longer := func(a, b *instance) int { return cmp.Compare(b.startTime(), a.startTime()) }
	for _, i := range r.maker.settled() {
		if i.isInfrastructure || !i.isEager {
			continue
		}
		beans++
		if len(slowest) == most && longer(slowest[most-1], i) <= 0 {
			continue
		}
		slowest = append(slowest, i)
		slices.SortStableFunc(slowest, longer)
		slowest = slowest[:min(most, len(slowest))]
	}
	var texts []string
	for _, i := range slowest {
		texts = append(texts, i.name+" "+rounded(i.startTime()).String())
	}
	return beans, strings.Join(texts, ", ")
}

// startTime is what building and starting the bean has taken.
func (i *instance) startTime() time.Duration {
	took := i.took
	for _, s := range i.timings() {
		if s.name == "Start" || s.name == "OnStart" {
			took += s.took
		}
	}
	return took
}
