// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// job is an ApplicationRunner.
type job struct {
	run  func(ctx context.Context) error
	stop func(ctx context.Context) error
}

func (j *job) Run(ctx context.Context) error  { return run(ctx, j.run) }
func (j *job) Stop(ctx context.Context) error { return run(ctx, j.stop) }

func TestARunnerRunsOnceTheApplicationIsReady(t *testing.T) {
	app := newApp()
	isReady, ran := false, make(chan bool, 1)
	lifecycle.Subscribe(app.Events(), func(lifecycle.ApplicationReady) { isReady = true })
	app.RegisterInstance(&job{run: func(context.Context) error {
		select {
		case <-app.Ready():
		case <-t.Context().Done():
		}
		ran <- isReady
		return nil
	}})
	start(t, app)
	if !<-ran {
		t.Error("the runner ran before the application was ready")
	}
}

func TestStopEndsTheRunnersBeforeItStopsAnyBean(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.RegisterInstance(&job{
		run:  func(ctx context.Context) error { <-ctx.Done(); j.add("ran"); return ctx.Err() },
		stop: func(context.Context) error { j.add("stopped"); return nil },
	})
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		t.Errorf("the end of its context is no error of a runner: %v", err)
	}
	j.equals(t, "ran", "stopped")
}

type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }
func (e exitError) ExitCode() int { return int(e) }

func TestARunnersErrorEndsTheApplicationWithItsExitCode(t *testing.T) {
	stopped := false
	app := newApp()
	app.RegisterInstance(&job{
		run:  func(context.Context) error { return exitError(42) },
		stop: func(context.Context) error { stopped = true; return nil },
	})
	err := app.Run(context.Background())
	if !errors.Is(err, exitError(42)) || !stopped || container.ExitCode(err) != 42 {
		t.Errorf("Run returned %v, exit code %d; stopped: %t", err, container.ExitCode(err), stopped)
	}
	if !strings.Contains(err.Error(), "Run of job failed: exit 42") {
		t.Errorf("the error does not name the bean: %v", err)
	}
}

func TestWithoutRunARunnersErrorIsReturnedByStop(t *testing.T) {
	app := newApp()
	failed := make(chan struct{})
	app.RegisterInstance(&job{run: func(context.Context) error { defer close(failed); return exitError(1) }})
	if err := app.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	<-failed
	if err := app.Stop(context.Background()); !errors.Is(err, exitError(1)) {
		t.Errorf("Stop returned %v", err)
	}
}

func TestARunnerThatPanicsEndsTheApplication(t *testing.T) {
	app := newApp()
	app.RegisterInstance(&job{run: func(context.Context) error { panic("no paper") }})
	if err := app.Run(context.Background()); err == nil || !strings.Contains(err.Error(), "no paper") {
		t.Errorf("Run returned %v", err)
	}
}

func TestShutdownLetsRunStop(t *testing.T) {
	app := newApp()
	app.Shutdown() // before the start: no effect
	app.RegisterInstance(&job{run: func(context.Context) error {
		app.Shutdown()
		app.Shutdown()
		return nil
	}})
	if err := app.Run(context.Background()); err != nil {
		t.Errorf("Run returned %v", err)
	}
}

func TestRunnersThatDoNotEndAreReported(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		app := newApp(container.WithStopTimeout(10 * time.Second))
		for _, name := range []string{"one", "two"} {
			app.RegisterInstance(&job{run: func(context.Context) error { standStill(release); return nil }}, container.Named(name))
		}
		if err := app.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		err := app.Stop(context.Background())
		if took := time.Since(begun); took != 10*time.Second {
			t.Errorf("Stop took %s", took)
		}
		for _, name := range []string{"one", "two"} {
			if !strings.Contains(err.Error(), "Run of "+name+" did not return within 10s") {
				t.Errorf("no word of %s in %v", name, err)
			}
		}
		var p *container.Problem
		if !errors.As(err, &p) || !strings.Contains(detailOf(p, "stands at"), "container_test.standStill") {
			t.Errorf("it is not said where it stands: %v", p)
		}
	})
}

func TestReadyIsClosedOnceTheContextIsUpAndRenewedByStop(t *testing.T) {
	app := newApp()
	for range 2 {
		ready := app.Ready()
		select {
		case <-ready:
			t.Fatal("ready before the start")
		default:
		}
		if err := app.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		<-ready
		<-app.Ready()
		if err := app.Stop(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestExitCode(t *testing.T) {
	for err, want := range map[error]int{
		nil: 0, errors.New("any"): 1, exitError(3): 3, fmt.Errorf("wrapped: %w", exitError(4)): 4, &container.StartupError{}: 1,
	} {
		if code := container.ExitCode(err); code != want {
			t.Errorf("%v exits with %d, want %d", err, code, want)
		}
	}
}
