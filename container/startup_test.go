// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/container"
)

// slowBean takes a second for each part of its life.
type slowBean struct{}

func newSlowBean() *slowBean { time.Sleep(time.Second); return &slowBean{} }

func (*slowBean) PostConstruct(ctx context.Context) error { return asSlowAs(2 * time.Second)(ctx) }
func (*slowBean) Start(ctx context.Context) error         { return asSlowAs(3 * time.Second)(ctx) }

func slowly(bean any, name string) (any, error) {
	if name == "slowBean" {
		time.Sleep(4 * time.Second)
	}
	return bean, nil
}

func TestTheReportTellsWhatTookHowLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		app := newApp(container.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		if report := app.Report(); len(report.Steps) != 0 {
			t.Errorf("a report before the start: %v", report)
		}
		app.Register(newSlowBean)
		app.Register(newEnglish)
		app.RegisterPostProcessor(&processor{after: slowly}, container.Named("slowly"))
		start(t, app)

		report := app.Report()
		var steps []string
		for _, s := range report.Steps {
			if s.Took > 0 {
				steps = append(steps, strings.Join([]string{s.Bean, s.Name, s.By, s.Begun.String(), s.Took.String()}, " "))
			}
		}
		want := []string{
			" build  0s 7s",
			"slowBean constructor  0s 1s", "slowBean PostConstruct  1s 2s", "slowBean AfterInit slowly 3s 4s",
			" start  7s 3s", "slowBean Start  7s 3s",
		}
		if !slices.Equal(steps, want) {
			t.Errorf("steps\n%s\nwant\n%s", strings.Join(steps, "\n"), strings.Join(want, "\n"))
		}
		if report.Took != 10*time.Second || report.Beans != 3 {
			t.Errorf("%d beans took %s", report.Beans, report.Took)
		}
		if slowest := report.Slowest(1); len(slowest) != 1 || slowest[0].Bean != "slowBean" || slowest[0].Took != 10*time.Second {
			t.Errorf("the slowest is %v", slowest)
		}
		if text := report.String(); !strings.HasPrefix(text, "3 beans in 10s\n") || !strings.Contains(text, "  +3s  4s    slowBean AfterInit by slowly\n") {
			t.Errorf("the report reads\n%s", text)
		}
		if !strings.Contains(log.String(), `msg="application context started" beans=3 took=10s slowest="slowBean 10s, `) {
			t.Errorf("the log says %s", log.String())
		}
	})
}

func TestDurationsInJSONAreText(t *testing.T) {
	report := container.StartupReport{
		Took: 1500 * time.Millisecond, Beans: 1, Problems: []*container.Problem{{Code: container.CodeHook, What: "x"}},
		Steps: []container.StartupStep{{Name: "Start", Bean: "store", Begun: time.Millisecond}},
	}
	bean := container.BeanInfo{Name: "store", Type: "*shop.Store", Scope: container.ScopeLazySingleton, Took: 2 * time.Second}
	for want, value := range map[string]any{
		`{"begun":"0001-01-01T00:00:00Z","beans":1,"steps":[{"name":"Start","bean":"store","begun":"1ms","took":"0s"}],` +
			`"problems":[{"code":"DI007","what":"x"}],"took":"1.5s"}`: report,
		`[{"name":"store","type":"*shop.Store","scope":"lazy singleton","location":"","took":"2s"}]`: []container.BeanInfo{bean},
	} {
		got, err := json.Marshal(value)
		require.NoError(t, err)
		require.JSONEq(t, want, string(got))
	}
}

func TestTheReportOfAFailedStartHasItsProblems(t *testing.T) {
	app := newApp()
	app.Register(newEnglish)
	app.Register(func() (*person, error) { return nil, os.ErrPermission })
	startFails(t, app)
	report := app.Report()
	if len(report.Problems) != 1 || report.Problems[0].Bean != "person" || report.Beans != 1 {
		t.Errorf("report %+v", report)
	}
}

// terminal looks like a file that is one.
type terminal struct{ bytes.Buffer }

func (*terminal) Stat() (os.FileInfo, error) { return terminalInfo{}, nil }

type terminalInfo struct{ os.FileInfo }

func (terminalInfo) Mode() fs.FileMode { return fs.ModeDevice | fs.ModeCharDevice }

func TestTheReportIsColouredOnATerminalOnly(t *testing.T) {
	app := newApp()
	app.Register(newChoir)
	report := startFails(t, app)
	write := func(w interface {
		Write([]byte) (int, error)
		String() string
	}) string {
		n, err := report.WriteTo(w)
		if err != nil || int(n) != len(w.String()) {
			t.Errorf("wrote %d, %v", n, err)
		}
		return w.String()
	}
	t.Setenv("TERM", "xterm")
	t.Setenv("NO_COLOR", "")
	coloured := write(&terminal{})
	if !strings.Contains(coloured, "\x1b[1;31mDI001\x1b[0m") || !strings.Contains(coloured, "\x1b[32mregister a bean") {
		t.Errorf("on a terminal: %q", coloured)
	}
	if plain := write(&bytes.Buffer{}); plain != report.Error() || strings.Contains(plain, "\x1b") {
		t.Errorf("elsewhere: %q", plain)
	}
	t.Setenv("NO_COLOR", "1")
	if plain := write(&terminal{}); plain != report.Error() {
		t.Errorf("with NO_COLOR: %q", plain)
	}
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "dumb")
	if plain := write(&terminal{}); plain != report.Error() {
		t.Errorf("on a dumb terminal: %q", plain)
	}
}

func TestValidateChecksWithoutRunningAConstructor(t *testing.T) {
	app := newApp()
	app.Register(func() *english { panic("called") })
	if err := app.Validate(); err != nil {
		t.Error(err)
	}
	app.Register(newPassenger)
	if err := app.Validate(); err == nil || !strings.Contains(err.Error(), "DI001 no bean of type *container_test.car") {
		t.Errorf("Validate returned %v", err)
	}
}
