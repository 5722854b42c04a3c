// SPDX-License-Identifier: Apache-2.0

package containertest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/container/containertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// recordingTB is a test of which we see what happens to it.
type recordingTB struct {
	testing.TB
	ctx      context.Context
	end      context.CancelFunc
	log      bytes.Buffer
	failures []string
	cleanups []func()
}

func newRecordingTB(t *testing.T) *recordingTB {
	r := &recordingTB{TB: t}
	newRecordingContext(r)
	return r
}

func newRecordingContext(r *recordingTB) { r.ctx, r.end = context.WithCancel(context.Background()) }

func (r *recordingTB) Failed() bool             { return len(r.failures) > 0 }
func (r *recordingTB) Helper()                  {}
func (r *recordingTB) Context() context.Context { return r.ctx }
func (r *recordingTB) Output() io.Writer        { return &r.log }
func (r *recordingTB) Cleanup(fn func())        { r.cleanups = append(r.cleanups, fn) }
func (r *recordingTB) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recordingTB) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	panic(errFatal)
}

var errFatal = errors.New("the test ended")

// run runs a test to its end.
func (r *recordingTB) run(test func(t testing.TB)) {
	defer func() {
		r.end()
		for len(r.cleanups) > 0 {
			last := r.cleanups[len(r.cleanups)-1]
			r.cleanups = r.cleanups[:len(r.cleanups)-1]
			last()
		}
		if v := recover(); v != nil && v != errFatal {
			panic(v)
		}
	}()
	test(r)
}

type server struct {
	started, stopped bool
	stopWith         error
	leak             chan struct{}
	left             chan struct{}
}

func (s *server) Start(ctx context.Context) error {
	s.started = ctx.Err() == nil
	if s.leak != nil {
		go func() {
			defer close(s.left)
			<-s.leak
		}()
	}
	return nil
}

func (s *server) Stop(ctx context.Context) error {
	s.stopped = ctx.Err() == nil
	return s.stopWith
}

type handler struct{ server *server }

func newHandler(s *server) *handler { return &handler{s} }

func TestNewStartsTheContextAndStopsItWhenTheTestEnds(t *testing.T) {
	tb, s := newRecordingTB(t), &server{}
	tb.run(func(t testing.TB) {
		app := containertest.New(t, containertest.Register(func() *server { return s }), containertest.Register(newHandler))
		if h := container.Must(container.Get[*handler](app)); h.server != s || !s.started || s.stopped {
			t.Errorf("handler has %+v", h.server)
		}
		app.Logger().Info("hello")
	})
	if len(tb.failures) > 0 || !s.stopped {
		t.Errorf("failures %q, server %+v", tb.failures, s)
	}
	if !strings.Contains(tb.log.String(), "level=INFO msg=hello") {
		t.Errorf("the test's log is %q", tb.log.String())
	}
}

func TestAContextThatDoesNotStartEndsTheTestWithTheReport(t *testing.T) {
	tb := newRecordingTB(t)
	tb.run(func(t testing.TB) {
		containertest.New(t, containertest.Register(newHandler))
		t.Errorf("the test went on")
	})
	if len(tb.failures) != 1 || !strings.Contains(tb.failures[0], "DI001 no bean of type *containertest_test.server") ||
		!strings.Contains(tb.failures[0], "containertest_test.go:") {
		t.Errorf("failures %q", tb.failures)
	}
}

func TestAStopThatFailsFailsTheTest(t *testing.T) {
	tb := newRecordingTB(t)
	tb.run(func(t testing.TB) {
		containertest.New(t, containertest.Register(func() *server { return &server{stopWith: errors.New("stuck")} }))
	})
	if len(tb.failures) != 1 || !strings.Contains(tb.failures[0], "stuck") {
		t.Errorf("failures %q", tb.failures)
	}
}

func TestAGoroutineLeftBehindFailsTheTestWithItsPlace(t *testing.T) {
	tb, s := newRecordingTB(t), &server{leak: make(chan struct{}), left: make(chan struct{})}
	tb.run(func(t testing.TB) { containertest.New(t, containertest.Register(func() *server { return s })) })
	close(s.leak)
	<-s.left
	if len(tb.failures) != 1 || !strings.Contains(tb.failures[0], "(*server).Start.func1 (containertest/containertest_test.go:") {
		t.Errorf("failures %q", tb.failures)
	}
}

func TestGoroutinesOfOthersDoNotMatter(t *testing.T) {
	others := make(chan struct{})
	go func() { <-others }()
	defer close(others)
	tb := newRecordingTB(t)
	tb.run(func(t testing.TB) { containertest.New(t, containertest.Register(func() *server { return &server{} })) })
	if len(tb.failures) > 0 {
		t.Errorf("failures %q", tb.failures)
	}
}

func TestOverrideReplacesABeanOfAModule(t *testing.T) {
	fake := &server{}
	shop := container.Module{Name: "shop", Configure: func(app *container.ApplicationContext) {
		app.Register(func() *server { panic("the real one") })
		app.Register(newHandler)
	}}
	app := containertest.New(t, shop, containertest.Override(func() *server { return fake }))
	if h := container.Must(container.Get[*handler](app)); h.server != fake {
		t.Error("the handler was given another server")
	}
}

func TestNewWithTakesSettings(t *testing.T) {
	cfg := config.New(map[string]any{"shop.name": "corner"})
	app := containertest.NewWith(t, []container.Option{container.WithConfig(cfg)})
	if name := app.Config().String("shop.name", ""); name != "corner" {
		t.Errorf("shop.name is %q", name)
	}
}

func TestValidateReportsEverythingAndRunsNothing(t *testing.T) {
	tb := newRecordingTB(t)
	tb.run(func(t testing.TB) {
		containertest.Validate(t,
			containertest.Register(func() *server { panic("called") }),
			containertest.Register(func(int, string) *handler { panic("called") }))
	})
	if len(tb.failures) != 1 || !strings.Contains(tb.failures[0], "no bean of type int") ||
		!strings.Contains(tb.failures[0], "no bean of type string") {
		t.Errorf("failures %q", tb.failures)
	}

	tb = newRecordingTB(t)
	tb.run(func(t testing.TB) {
		containertest.Validate(t, containertest.Register(func() *server { panic("called") }), containertest.Register(newHandler))
	})
	if len(tb.failures) > 0 {
		t.Errorf("failures %q", tb.failures)
	}
}

func TestAGoroutineOfALazyBeanIsFoundToo(t *testing.T) {
	leak, left := make(chan struct{}), make(chan struct{})
	newLeaking := func() *server {
		go func() { defer close(left); <-leak }()
		return &server{}
	}
	tb := newRecordingTB(t)
	tb.run(func(t testing.TB) {
		app := containertest.New(t, containertest.Register(newLeaking, container.Lazy()))
		container.Must(container.Get[*server](app))
	})
	close(leak)
	<-left
	if len(tb.failures) != 1 || !strings.Contains(tb.failures[0], "a goroutine that a bean has started is still there") {
		t.Errorf("failures %q", tb.failures)
	}
}
