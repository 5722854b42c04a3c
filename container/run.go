// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/pyfly-go/pyfly/internal/usercode"
)

// Run starts the context, waits for ctx to end, for SIGINT or SIGTERM, for
// [ApplicationContext.Shutdown], for the error of a lifecycle.ApplicationRunner,
// or for Stop, and stops it. A second signal ends the process at once; during
// pyfly.context.shutdown-delay it ends the delay, and a third ends the process. The
// error is that of Start, of runners and of Stop. Run returns nil if a signal or ctx
// cancelled the start and everything was rolled back. [Exit] and [ExitCode] turn the
// error into the process's exit code.
func (app *ApplicationContext) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer app.handleSignals(ctx, cancel)()
	if err := app.Start(ctx); err != nil {
		if ctx.Err() != nil && onlyCancelled(err) {
			return nil
		}
		return err
	}
	app.mu.Lock()
	r := app.run
	app.mu.Unlock()
	if r == nil { // stopped by a subscriber of its events
		return nil
	}
	select {
	case <-ctx.Done():
	case <-r.shutdown:
	case <-r.runners.failed:
	case <-r.stopped:
		return r.stopErr
	}
	return app.Stop(context.WithoutCancel(ctx))
}

// handleSignals calls cancel at the first signal. The second ends the delay of the
// shutdown, if there is one. The next has no handler, so that it ends the process.
// The returned function ends the handling.
func (app *ApplicationContext) handleSignals(ctx context.Context, cancel func()) (end func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	stopHandling := func() { signal.Stop(signals) }
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer stopHandling()
		select {
		case <-signals:
		case <-ctx.Done():
		}
		r := app.beginDelay(cancel, stopHandling)
		if r == nil {
			return
		}
		select {
		case <-signals:
			stopHandling()
			r.endDelay()
		case <-r.serving.Done():
		case <-over:
		}
	}()
	return func() { cancel(); close(over); <-ended }
}

// beginDelay cancels the context of Run. It returns the run if that has a delay, at
// the end of which stopHandling is called; else it calls stopHandling and returns
// nil. Whatever the beans write when they are stopped, signals are not handled any
// more by then.
func (app *ApplicationContext) beginDelay(cancel, stopHandling func()) *run {
	app.mu.Lock()
	defer app.mu.Unlock()
	defer cancel() // with the lock held, so that the application becomes ready before or not at all
	if r := app.run; r != nil && r.hasDelay() {
		r.atDelayEnd = stopHandling
		return r
	}
	stopHandling()
	return nil
}

// Shutdown asks Run to stop the application, and returns at once. It may be
// called from anywhere, by an ApplicationRunner for example whose work is done.
// Without Run it has no effect.
func (app *ApplicationContext) Shutdown() {
	app.mu.Lock()
	defer app.mu.Unlock()
	if app.run != nil && !isClosed(app.run.shutdown) {
		close(app.run.shutdown)
	}
}

// Ready returns a channel that is closed when the application is ready: all
// beans are started and the subscribers of lifecycle.ApplicationReady have
// returned. As soon as a shutdown begins, Ready returns another channel, which the
// next start closes.
func (app *ApplicationContext) Ready() <-chan struct{} {
	app.mu.Lock()
	defer app.mu.Unlock()
	return app.ready
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// isClosedBefore waits for either channel, and reports whether the first is closed.
func isClosedBefore(first, second <-chan struct{}) bool {
	select {
	case <-first:
	case <-second:
	}
	return isClosed(first)
}

func onlyCancelled(err error) bool {
	var report *StartupError
	return errors.As(err, &report) &&
		!slices.ContainsFunc(report.Problems, func(p *Problem) bool { return p.Code != CodeCancelled })
}

// ExitCode returns the exit code of a process: 0 if err is nil, the result of the
// method ExitCode() int if err or an error that it wraps has one, else 1. If that
// method panics, it is 1.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	code := 1
	_ = usercode.Call(func() error {
		if coded, ok := usercode.As[interface{ ExitCode() int }](usercode.Error(err)); ok {
			code = coded.ExitCode()
		}
		return nil
	})
	return code
}

// Exit ends the process with [ExitCode]. An error is written to standard error,
// a [*StartupError] in colour if that is a terminal:
//
//	func main() {
//		app := container.NewApplicationContext()
//		...
//		container.Exit(app.Run(context.Background()))
//	}
func Exit(err error) {
	err = usercode.Error(err)
	if report, ok := usercode.As[*StartupError](err); ok {
		_, _ = report.WriteTo(os.Stderr)
	} else if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(ExitCode(err))
}
