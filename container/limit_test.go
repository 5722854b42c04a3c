// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// detailOf returns the text of a problem's detail, or "".
func detailOf(p *container.Problem, label string) string {
	for _, d := range p.Details {
		if d.Label == label {
			return d.Text
		}
	}
	return ""
}

// stuck is a bean every hook of which hangs, whatever its context says.
type stuck struct {
	release   chan struct{}
	destroyed bool
}

func (s *stuck) Start(context.Context) error      { s.hang(); return nil }
func (s *stuck) Stop(context.Context) error       { return errors.New("stopped, but never started") }
func (s *stuck) PreDestroy(context.Context) error { s.destroyed = true; return nil }
func (s *stuck) hang()                            { <-s.release }

func TestWhereAHangingHookStandsIsReportedAndNoOtherHookIsCalled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{release: make(chan struct{})}
		defer close(s.release)
		app := newApp(container.WithStartTimeout(time.Second))
		app.RegisterInstance(s)
		p := only(t, startFails(t, app), container.CodeHook)
		if at := detailOf(p, "stands at"); !strings.Contains(at, "(*stuck).hang (container/limit_test.go:") ||
			!strings.Contains(at, "(*stuck).Start (container/limit_test.go:") || strings.Contains(at, "pyfly/container.") {
			t.Errorf("it stands at %q", at)
		}
		if p.Bean != "stuck" || s.destroyed {
			t.Errorf("bean %q, destroyed: %t", p.Bean, s.destroyed)
		}
	})
}

func TestTheWholeStartHasALimit(t *testing.T) {
	options := map[string][]container.Option{
		"option": {container.WithTotalStartTimeout(5 * time.Second)},
		"setting": {container.WithConfig(config.New(map[string]any{
			"pyfly.context.total-start-timeout": "5s", "pyfly.context.start-parallelism": 1}))},
	}
	for name, opts := range options {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				app := newApp(opts...)
				app.RegisterInstance(&recorder{"quick", j, nil}, container.Named("quick"))
				app.RegisterInstance(&hooked{start: asSlowAs(4 * time.Second)}, container.Named("slow"))
				app.RegisterInstance(&hooked{start: asSlowAs(4 * time.Second)}, container.Named("slower"), container.DependsOn("slow"))
				begun := time.Now()
				report := startFails(t, app)
				p := only(t, report, container.CodeHook)
				if p.Bean != "slower" || !strings.Contains(p.What, "pyfly.context.total-start-timeout: 5s") ||
					!errors.Is(report, context.DeadlineExceeded) {
					t.Errorf("problem %v", p)
				}
				if took := time.Since(begun); took != 5*time.Second {
					t.Errorf("the start took %s", took)
				}
				j.equals(t, "PostConstruct quick", "Start quick", "Stop quick", "PreDestroy quick")
			})
		})
	}
}

func TestTheWholeStopHasALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(container.WithTotalStopTimeout(5*time.Second), withParallelism(1))
		for _, name := range []string{"one", "two", "three"} {
			app.RegisterInstance(&hooked{stop: asSlowAs(4 * time.Second)}, container.Named(name))
		}
		start(t, app)
		begun := time.Now()
		err := app.Stop(context.Background())
		if took := time.Since(begun); took != 5*time.Second || !errors.Is(err, context.DeadlineExceeded) ||
			!strings.Contains(err.Error(), "pyfly.context.total-shutdown-timeout") {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

// standStill is a constructor's way to hang.
func standStill(release chan struct{}) *person {
	<-release
	return &person{}
}

func TestAConstructorThatHangsIsGivenUpAndNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		j := &journal{}
		app := newApp(container.WithStartTimeout(time.Minute))
		app.Register(func() *recorder { return &recorder{"built", j, nil} })
		app.Register(func(*recorder) *person { return standStill(release) })
		begun := time.Now()
		report := startFails(t, app)
		p := only(t, report, container.CodeConstructor)
		if p.Bean != "person" || !strings.Contains(detailOf(p, "stands at"), "container_test.standStill (container/limit_test.go:") {
			t.Errorf("problem %v: %v", p, p.Details)
		}
		if took := time.Since(begun); took != time.Minute {
			t.Errorf("the start took %s", took)
		}
		j.equals(t, "PostConstruct built", "PreDestroy built")
	})
}

func TestAConstructorThatHangsIsGivenUpWhenTheStartIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		app := newApp()
		app.Register(func() *person { return standStill(release) })
		var report *container.StartupError
		if err := app.Start(ctx); !errors.As(err, &report) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("Start returned %v", err)
		}
		if codes := []container.ProblemCode{report.Problems[0].Code, report.Problems[1].Code}; codes[0] != container.CodeCancelled || codes[1] != container.CodeConstructor {
			t.Errorf("problems %v", codes)
		}
	})
}

func TestAPostConstructAsLongAsItsLimitDoesNotCountAsAHangingConstructor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(container.WithStartTimeout(10 * time.Second))
		app.Register(func() *slowInit { <-time.After(6 * time.Second); return &slowInit{} })
		start(t, app)
	})
}

type slowInit struct{}

func (*slowInit) PostConstruct(ctx context.Context) error { return asSlowAs(9 * time.Second)(ctx) }

func TestAConstructorThatEndsItsGoroutineIsReported(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.Register(func() *recorder { return &recorder{"built", j, nil} })
	app.Register(func(*recorder) *person { runtime.Goexit(); return nil })
	if p := only(t, startFails(t, app), container.CodeConstructor); p.Bean != "person" || !strings.Contains(p.What, "runtime.Goexit") {
		t.Errorf("problem %v", p)
	}
	j.equals(t, "PostConstruct built", "PreDestroy built")
}

func TestAHookThatHangsIsReportedEvenIfTheStartIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{release: make(chan struct{})}
		defer close(s.release)
		app := newApp()
		app.RegisterInstance(s)
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := app.Start(ctx)
		var report *container.StartupError
		if !errors.As(err, &report) || len(report.Problems) != 2 || report.Problems[0].Code != container.CodeCancelled ||
			report.Problems[1].Code != container.CodeHook || report.Problems[1].Bean != "stuck" {
			t.Errorf("Start returned %v", err)
		}
	})
}
