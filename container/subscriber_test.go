// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// subscribeTo subscribes to one of the events that the context publishes.
var subscribeTo = map[string]func(events *lifecycle.Events, fn func()) (unsubscribe func()){
	"ContextRefreshed": func(events *lifecycle.Events, fn func()) func() {
		return lifecycle.Subscribe(events, func(lifecycle.ContextRefreshed) { fn() })
	},
	"ApplicationReady": func(events *lifecycle.Events, fn func()) func() {
		return lifecycle.Subscribe(events, func(lifecycle.ApplicationReady) { fn() })
	},
	"ShutdownStarted": func(events *lifecycle.Events, fn func()) func() {
		return lifecycle.Subscribe(events, func(lifecycle.ShutdownStarted) { fn() })
	},
	"ContextClosed": func(events *lifecycle.Events, fn func()) func() {
		return lifecycle.Subscribe(events, func(lifecycle.ContextClosed) { fn() })
	},
}

// loggingApp is an app with one bean that records its hooks, and its log.
func loggingApp(j *journal, opts ...container.Option) (*container.ApplicationContext, *lines) {
	log := &lines{}
	app := newLoggedApp(log, opts...)
	app.RegisterInstance(&recorder{"bean", j, nil})
	return app, log
}

func newLoggedApp(log *lines, opts ...container.Option) *container.ApplicationContext {
	return newApp(append([]container.Option{container.WithLogger(slog.New(slog.NewTextHandler(log, nil)))}, opts...)...)
}

func TestSubscribersThatDoNotReturnHarmNobody(t *testing.T) {
	for event, subscribe := range subscribeTo {
		for name, c := range map[string]struct {
			handle func(app *container.ApplicationContext, release chan struct{})
			want   string
			took   time.Duration // of the start and the stop together
		}{
			"hangs": {func(_ *container.ApplicationContext, release chan struct{}) { <-release },
				"an event's subscriber hangs", 11 * time.Second},
			"ends its goroutine": {func(*container.ApplicationContext, chan struct{}) { runtime.Goexit() },
				"runtime.Goexit", 0},
			"panics": {func(*container.ApplicationContext, chan struct{}) { panic("boom") }, "boom", 0},
		} {
			t.Run(event+" "+name, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					release := make(chan struct{})
					defer close(release)
					j := &journal{}
					app, log := loggingApp(j, container.WithStartTimeout(10*time.Second), container.WithStopTimeout(10*time.Second))
					subscribe(app.Events(), func() { j.add("handled") })
					subscribe(app.Events(), func() { c.handle(app, release) })
					subscribe(app.Events(), func() { j.add("handled") })
					begun := time.Now()
					if err := app.Start(t.Context()); err != nil {
						t.Fatal(err)
					}
					select {
					case <-app.Ready():
					default:
						t.Error("the application is not ready")
					}
					if err := app.Stop(context.Background()); err != nil {
						t.Fatal(err)
					}
					if took := time.Since(begun); took != c.took {
						t.Errorf("start and stop took %s, want %s", took, c.took)
					}
					if log.count(c.want) != 1 || log.count("level=ERROR") != 1 || log.count("event=lifecycle."+event) != 1 {
						t.Errorf("the log does not say %q once: %s", c.want, log.text.String())
					}
					j.equals(t, "PostConstruct bean", "Start bean", "handled", "handled", "Stop bean", "PreDestroy bean")
				})
			})
		}
	}
}

func TestWhereASubscriberHangsIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		app, log := loggingApp(&journal{})
		lifecycle.Subscribe(app.Events(), func(lifecycle.ContextClosed) { standStill(release) })
		start(t, app)
		_ = app.Stop(context.Background())
		if log.count("container_test.standStill (container/limit_test.go:") != 1 {
			t.Errorf("the log does not say where: %s", log.text.String())
		}
	})
}

func TestASubscriberMayCallStop(t *testing.T) {
	for event, subscribe := range subscribeTo {
		for _, stopTakes := range []time.Duration{0, 5 * time.Second} {
			t.Run(event+" and the stop takes "+stopTakes.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					app, log := loggingApp(&journal{})
					stops := 0
					app.RegisterInstance(&hooked{stop: func(ctx context.Context) error { stops++; return asSlowAs(stopTakes)(ctx) }})
					subscribe(app.Events(), func() {
						if err := app.Stop(context.Background()); err != nil {
							t.Error(err)
						}
					})
					begun := time.Now()
					if err := app.Start(t.Context()); err != nil {
						t.Fatal(err)
					}
					if isOfStart := event == "ContextRefreshed" || event == "ApplicationReady"; isOfStart && stops != 1 {
						t.Error("Start returned before the stop had ended")
					}
					if err := app.Stop(context.Background()); err != nil {
						t.Fatal(err)
					}
					if took := time.Since(begun); took != stopTakes || stops != 1 {
						t.Errorf("%d stops, after %s", stops, took)
					}
					if log.count("level=ERROR")+log.count("level=WARN") > 0 {
						t.Errorf("logged: %s", log.text.String())
					}
				})
			})
		}
	}
}

// TestAStopDoesNotWaitForASubscriberOfTheStart cancels a start, or calls Stop,
// while a subscriber works.
func TestAStopDoesNotWaitForASubscriberOfTheStart(t *testing.T) {
	for _, event := range []string{"ContextRefreshed", "ApplicationReady"} {
		t.Run(event+", cancelled", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				j := &journal{}
				app, _ := loggingApp(j)
				subscribeTo[event](app.Events(), func() { <-release })
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				begun := time.Now()
				err := app.Start(ctx)
				var report *container.StartupError
				if !errors.As(err, &report) || report.Problems[0].Code != container.CodeCancelled || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("Start returned %v", err)
				}
				if took := time.Since(begun); took != 2200*time.Millisecond {
					t.Errorf("the start took %s", took)
				}
				j.equals(t, "PostConstruct bean", "Start bean", "Stop bean", "PreDestroy bean")
				if _, err := container.Get[*recorder](app); !errors.Is(err, container.ErrNotStarted) {
					t.Errorf("Get returned %v", err)
				}
			})
		})
		t.Run(event+", stopped", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				j := &journal{}
				app, log := loggingApp(j)
				subscribeTo[event](app.Events(), func() { <-release })
				started := make(chan error)
				go func() { started <- app.Start(t.Context()) }()
				synctest.Wait()
				if err := app.Stop(context.Background()); err != nil {
					t.Error(err)
				}
				j.equals(t, "PostConstruct bean", "Start bean", "Stop bean", "PreDestroy bean")
				if err := <-started; err != nil {
					t.Errorf("Start returned %v", err)
				}
				if log.count("is still running") != 1 || log.count("level=ERROR") > 0 {
					t.Errorf("logged: %s", log.text.String())
				}
			})
		})
	}
}

func TestRunHeedsSignalsWhileASubscriberWorks(t *testing.T) {
	release := make(chan struct{})
	app, _ := loggingApp(&journal{})
	lifecycle.Subscribe(app.Events(), func(lifecycle.ApplicationReady) {
		_ = syscall.Kill(os.Getpid(), syscall.SIGTERM)
		<-release
	})
	if err := app.Run(context.Background()); err != nil {
		t.Error(err)
	}
	close(release)
}

// listener subscribes in each part of its life.
type listener struct {
	app     *container.ApplicationContext
	journal *journal
}

type priceChanged struct{}

func newListener(events *lifecycle.Events, app *container.ApplicationContext, j *journal) *listener {
	l := &listener{app, j}
	l.subscribe(events, "constructor")
	return l
}

func (l *listener) subscribe(events *lifecycle.Events, where string) {
	lifecycle.Subscribe(events, func(priceChanged) { l.journal.add(where) })
}

func (l *listener) Start(context.Context) error {
	l.subscribe(l.app.Events(), "Start")
	started := make(chan struct{})
	go func() {
		defer close(started)
		l.subscribe(l.app.Events(), "goroutine")
	}()
	<-started
	return nil
}

func (l *listener) Run(ctx context.Context) error {
	l.subscribe(l.app.Events(), "Run")
	lifecycle.Publish(l.app.Events(), priceChanged{})
	l.app.Shutdown()
	return nil
}

func TestSubscriptionsOfBeansEndWithTheirRun(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.Register(newListener)
	app.RegisterInstance(j)
	lifecycle.Subscribe(app.Events(), func(priceChanged) { j.add("application") })
	once := "application constructor Start goroutine Run"
	for range 3 {
		j.entries = nil
		if err := app.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(j.entries, " "); got != once {
			t.Errorf("handled by %q, want %q", got, once)
		}
	}
	j.entries = nil
	lifecycle.Publish(app.Events(), priceChanged{})
	j.equals(t, "application")
}

func TestSubscriptionsOfAStartThatFailsEnd(t *testing.T) {
	j := &journal{}
	app := newApp()
	app.RegisterInstance(&hooked{start: func(context.Context) error {
		lifecycle.Subscribe(app.Events(), func(priceChanged) { j.add("handled") })
		return errors.New("boom")
	}})
	startFails(t, app)
	lifecycle.Publish(app.Events(), priceChanged{})
	j.equals(t)
}
