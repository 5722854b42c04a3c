// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// withDelay delays the stop.
func withDelay(delay time.Duration, more ...string) container.Option {
	settings := map[string]any{"pyfly.context.shutdown-delay": delay.String()}
	for i := 0; i < len(more); i += 2 {
		settings[more[i]] = more[i+1]
	}
	return container.WithConfig(config.New(settings))
}

// delayedApp is a loggingApp that records the events of its shutdown as well.
func delayedApp(j *journal, opts ...container.Option) (*container.ApplicationContext, *lines) {
	app, log := loggingApp(j, opts...)
	lifecycle.Subscribe(app.Events(), func(lifecycle.ShutdownStarted) { j.add("ShutdownStarted") })
	lifecycle.Subscribe(app.Events(), func(lifecycle.ContextClosed) { j.add("ContextClosed") })
	return app, log
}

var delayedLife = []string{"PostConstruct bean", "Start bean", "ShutdownStarted", "ContextClosed", "Stop bean", "PreDestroy bean"}

func isReady(app *container.ApplicationContext) bool {
	select {
	case <-app.Ready():
		return true
	default:
		return false
	}
}

// beginStop begins a Stop and returns what becomes of it.
func beginStop(ctx context.Context, app *container.ApplicationContext) <-chan error {
	stopped := make(chan error, 1)
	go func() { stopped <- app.Stop(ctx) }()
	synctest.Wait()
	return stopped
}

// startSignals starts the goroutine of package signal, which must not belong to a
// bubble.
func startSignals() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
}

func TestAnApplicationServesOnForTheDelayOfItsShutdown(t *testing.T) {
	startSignals()
	boom := errors.New("boom")
	for name, begin := range map[string]func(app *container.ApplicationContext, cancel, fail func()){
		"Stop": func(app *container.ApplicationContext, _, _ func()) {
			go func() { _ = app.Stop(context.Background()) }()
		},
		"the end of ctx": func(_ *container.ApplicationContext, cancel, _ func()) { cancel() },
		"Shutdown":       func(app *container.ApplicationContext, _, _ func()) { app.Shutdown() },
		"a runner":       func(_ *container.ApplicationContext, _, fail func()) { fail() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				app, _ := delayedApp(j, withDelay(5*time.Second))
				fail := make(chan struct{})
				var runnerEnded atomic.Bool
				app.RegisterInstance(&job{run: func(ctx context.Context) error {
					defer runnerEnded.Store(true)
					select {
					case <-fail:
						return boom
					case <-ctx.Done():
						return nil
					}
				}})
				app.Register(func() *person { return &person{"Ada"} }, container.Lazy())
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				ended := make(chan error, 1)
				go func() { ended <- app.Run(ctx) }()
				synctest.Wait()
				require.True(t, isReady(app))

				begin(app, cancel, func() { close(fail) })
				synctest.Wait()
				j.equals(t, delayedLife[:3]...)
				require.False(t, isReady(app), "the application is ready although it shuts down")
				time.Sleep(5*time.Second - 1)
				synctest.Wait()
				j.equals(t, delayedLife[:3]...)
				_, err := container.Get[*person](app) // made now
				require.NoError(t, err)
				require.Equal(t, name == "a runner", runnerEnded.Load(), "the runner has ended")

				time.Sleep(time.Nanosecond)
				synctest.Wait()
				j.equals(t, delayedLife...)
				if name == "a runner" {
					require.ErrorIs(t, <-ended, boom)
				} else {
					require.NoError(t, <-ended)
				}
			})
		})
	}
}

func TestTheEndOfStopsContextEndsTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		app, log := delayedApp(j, withDelay(time.Hour))
		release := make(chan struct{})
		defer close(release)
		lifecycle.Subscribe(app.Events(), func(lifecycle.ShutdownStarted) { <-release })
		require.NoError(t, app.Start(t.Context()))
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		begun := time.Now()
		require.NoError(t, app.Stop(ctx))
		within(t, "the stop", time.Since(begun), 3*time.Second+time.Second) // the grace of the subscriber
		j.equals(t, delayedLife...)
		assert.Equal(t, 1, log.count("is still running"), log.text.String())
	})
}

func TestStopDuringTheDelayWaitsForTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		app, _ := delayedApp(j, withDelay(5*time.Second))
		require.NoError(t, app.Start(t.Context()))
		first := beginStop(context.Background(), app)
		begun := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.ErrorIs(t, app.Stop(ctx), context.DeadlineExceeded)
		require.ErrorIs(t, app.Start(t.Context()), container.ErrStarted)
		require.NoError(t, app.Stop(context.Background()))
		require.NoError(t, <-first)
		require.Equal(t, 5*time.Second, time.Since(begun))
		j.equals(t, delayedLife...)
		require.NoError(t, app.Stop(context.Background()))
		require.Equal(t, 5*time.Second, time.Since(begun))
	})
}

func TestTheDelayIsNoPartOfTheLimitOfTheWholeStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(withDelay(5*time.Second, "pyfly.context.total-shutdown-timeout", "300ms"))
		registerDeaf(t, app, 3, "Stop")
		require.NoError(t, app.Start(t.Context()))
		begun := time.Now()
		require.Error(t, app.Stop(context.Background()))
		within(t, "the stop after the delay", time.Since(begun)-5*time.Second, 300*time.Millisecond)
	})
}

// TestSubscribersHaveTheTimeOfTheDelay has subscribers that do not return, beside
// one that does.
func TestSubscribersHaveTheTimeOfTheDelay(t *testing.T) {
	for name, c := range map[string]struct {
		handle func(app *container.ApplicationContext, release chan struct{})
		logged string // once, as an error; empty: nothing is
	}{
		"hangs":              {func(_ *container.ApplicationContext, release chan struct{}) { <-release }, "an event's subscriber hangs"},
		"ends its goroutine": {func(*container.ApplicationContext, chan struct{}) { runtime.Goexit() }, "runtime.Goexit"},
		"panics":             {func(*container.ApplicationContext, chan struct{}) { panic("boom") }, "boom"},
		"calls Stop": {func(app *container.ApplicationContext, _ chan struct{}) {
			for range 2 {
				if app.Stop(context.Background()) != nil {
					panic("Stop returns an error")
				}
			}
		}, ""},
		"calls Shutdown": {func(app *container.ApplicationContext, _ chan struct{}) { app.Shutdown() }, ""},
	} {
		for _, delay := range []time.Duration{time.Millisecond, 5 * time.Second, 10 * time.Minute} {
			t.Run(name+" for "+delay.String(), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					release := make(chan struct{})
					defer close(release)
					j := &journal{}
					app, log := loggingApp(j, withDelay(delay))
					lifecycle.Subscribe(app.Events(), func(lifecycle.ShutdownStarted) { c.handle(app, release) })
					lifecycle.Subscribe(app.Events(), func(lifecycle.ShutdownStarted) { j.add("ShutdownStarted") })
					lifecycle.Subscribe(app.Events(), func(lifecycle.ContextClosed) { j.add("ContextClosed") })
					require.NoError(t, app.Start(t.Context()))
					begun := time.Now()
					stopped := beginStop(context.Background(), app)
					j.equals(t, delayedLife[:3]...)
					require.False(t, isReady(app))
					require.NoError(t, <-stopped)
					require.Equal(t, delay, time.Since(begun))
					j.equals(t, delayedLife...)
					errs := log.count("level=ERROR") + log.count("level=WARN")
					if c.logged == "" {
						assert.Zero(t, errs, log.text.String())
						return
					}
					assert.Equal(t, []int{1, 1}, []int{errs, log.count(c.logged)}, log.text.String())
				})
			})
		}
	}
}

// TestAnApplicationThatWasNotReadyDoesNotServeOn stops it at various moments of the
// start.
func TestAnApplicationThatWasNotReadyDoesNotServeOn(t *testing.T) {
	startSignals()
	slowly := &hooked{start: asSlowAs(10 * time.Second)}
	for name, c := range map[string]struct {
		register func(app *container.ApplicationContext)
		after    time.Duration
		want     []string
	}{
		"in a Start": {func(app *container.ApplicationContext) { app.RegisterInstance(slowly, container.Order(1)) }, time.Second,
			[]string{"PostConstruct bean", "Start bean", "Stop bean", "PreDestroy bean"}},
		"in a subscriber": {func(app *container.ApplicationContext) {
			lifecycle.Subscribe(app.Events(), func(lifecycle.ApplicationReady) { time.Sleep(1500 * time.Millisecond) })
		}, time.Second, delayedLife},
		"by a subscriber": {func(app *container.ApplicationContext) {
			lifecycle.Subscribe(app.Events(), func(lifecycle.ApplicationReady) { _ = app.Stop(context.Background()) })
		}, time.Hour, delayedLife},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				app, _ := delayedApp(j, withDelay(time.Hour))
				c.register(app)
				begun := time.Now()
				ended := make(chan error, 1)
				go func() { ended <- app.Start(context.Background()) }()
				time.Sleep(min(c.after, time.Minute))
				require.NoError(t, app.Stop(context.Background()))
				<-ended
				require.LessOrEqual(t, time.Since(begun), time.Minute)
				j.equals(t, c.want...)
			})
		})
	}
	t.Run("a start that fails", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			app, _ := delayedApp(j, withDelay(time.Hour))
			app.RegisterInstance(&hooked{start: fails(errors.New("boom"))}, container.DependsOn("recorder"))
			begun := time.Now()
			err := app.Run(t.Context())
			t.Log(err)
			require.Error(t, err)
			require.Zero(t, time.Since(begun))
			j.equals(t, "PostConstruct bean", "Start bean", "Stop bean", "PreDestroy bean")
		})
	})
	t.Run("a Stop that does not wait for the start", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			j := &journal{}
			app, _ := delayedApp(j, withDelay(time.Hour))
			app.RegisterInstance(&hooked{start: func(context.Context) error { time.Sleep(time.Second); return nil }})
			begun := time.Now()
			ended := make(chan error, 1)
			go func() { ended <- app.Start(context.Background()) }()
			synctest.Wait()
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			require.ErrorIs(t, app.Stop(ctx), context.Canceled)
			<-ended
			require.NoError(t, app.Stop(context.Background()))
			require.Equal(t, time.Second, time.Since(begun))
		})
	})
}

func TestAnApplicationIsReadyAgainAfterARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(withDelay(time.Second))
		for range 3 {
			next := app.Ready()
			require.NoError(t, app.Start(t.Context()))
			<-next
			require.True(t, isReady(app))
			stopped := beginStop(context.Background(), app)
			require.False(t, isReady(app))
			require.NoError(t, <-stopped)
			require.False(t, isReady(app))
		}
	})
}

// TestASubscriberThatStopsTheApplicationIsNotSaidToHang has a delay that is longer
// than the limit of the subscriber.
func TestASubscriberThatStopsTheApplicationIsNotSaidToHang(t *testing.T) {
	const settings = "pyfly.context: {shutdown-delay: 2m, start-timeout: 10s, shutdown-timeout: 10s}\n"
	stopped := make(chan error, 1)
	inBubbleWith(t, settings, func(app *container.ApplicationContext) {
		lifecycle.Subscribe(app.Events(), func(config.Changed) { stopped <- app.Stop(context.Background()) })
	}, func(t *testing.T, _ *container.ApplicationContext, log *lines, write func(string)) {
		write(settings + "shop.size: 2\n")
		time.Sleep(3 * time.Minute)
		require.Len(t, stopped, 1)
		require.NoError(t, <-stopped)
		assert.Zero(t, log.count("level=ERROR")+log.count("level=WARN"), log.text.String())
	})
}

func TestWrongDelays(t *testing.T) {
	for value, isWrong := range map[string]bool{"soon": true, "-1s": true, "0s": false, "0": false, "1ms": false} {
		app := newApp(container.WithConfig(config.New(map[string]any{"pyfly.context.shutdown-delay": value})))
		err := app.Validate()
		require.Equal(t, isWrong, err != nil, "%s: %v", value, err)
		if isWrong {
			require.ErrorContains(t, err, "pyfly.context.shutdown-delay")
		}
	}
}
