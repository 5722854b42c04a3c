// SPDX-License-Identifier: Apache-2.0

//go:build unix

package container_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// TestTheLastSignalEndsTheProcessAtOnce runs itself as a process, which is sent a
// signal for each line that it writes.
func TestTheLastSignalEndsTheProcessAtOnce(t *testing.T) {
	const asChild = "PYFLY_TEST_HANGING_PROCESS"
	hanging := map[string]struct {
		register func(app *container.ApplicationContext)
		lines    []string
		delay    time.Duration
	}{
		"a stop": {func(app *container.ApplicationContext) { app.RegisterInstance(neverStops()) }, []string{"ready", "stopping"}, 0},
		"a stop after a delay": {func(app *container.ApplicationContext) {
			app.RegisterInstance(neverStops())
			lifecycle.Subscribe(app.Events(), func(lifecycle.ShutdownStarted) { fmt.Println("serving on") })
		}, []string{"ready", "serving on", "stopping"}, time.Hour},
		"a start": {func(app *container.ApplicationContext) {
			app.RegisterInstance(&hooked{start: func(ctx context.Context) error {
				fmt.Println("starting")
				<-ctx.Done()
				fmt.Println("cancelled")
				select {}
			}})
		}, []string{"starting", "cancelled"}, time.Hour},
	}
	if child, ok := hanging[os.Getenv(asChild)]; ok {
		app := newApp(withDelay(child.delay))
		child.register(app)
		app.RegisterInstance(&job{run: func(context.Context) error { fmt.Println("ready"); return nil }})
		container.Exit(app.Run(context.Background()))
	}
	for name, c := range hanging {
		for _, sent := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
			t.Run(fmt.Sprint(name, " ", sent), func(t *testing.T) {
				child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheLastSignal", "-test.v=false")
				child.Env = append(os.Environ(), asChild+"="+name)
				out, err := child.StdoutPipe()
				require.NoError(t, err)
				require.NoError(t, child.Start())
				lines := bufio.NewScanner(out)
				for _, wanted := range c.lines {
					if !lines.Scan() || lines.Text() != wanted {
						t.Fatalf("the process says %q (%v), want %q", lines.Text(), lines.Err(), wanted)
					}
					require.NoError(t, child.Process.Signal(sent))
				}
				var exit *exec.ExitError
				if err := child.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != sent {
					t.Errorf("after the last %s: %v", sent, err)
				}
			})
		}
	}
}

func neverStops() *hooked {
	return &hooked{stop: func(context.Context) error {
		fmt.Println("stopping")
		select {}
	}}
}

// TestExitWritesABadError runs itself as a process that ends with one.
func TestExitWritesABadError(t *testing.T) {
	const asChild = "PYFLY_TEST_BAD_ERROR"
	if os.Getenv(asChild) != "" {
		container.Exit(fmt.Errorf("run: %w", (*badUnwrap)(nil)))
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestExitWritesABadError$")
	child.Env = append(os.Environ(), asChild+"=1")
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.HasPrefix(string(out), "run: bad (*container_test.badUnwrap (nil): its Unwrap method panicked: ") {
		t.Errorf("the process ended with %v: %s", err, out)
	}
}

// TestExit runs itself as a process that cannot start.
func TestExit(t *testing.T) {
	const asChild = "PYFLY_TEST_EXITING_PROCESS"
	if os.Getenv(asChild) != "" {
		app := newApp()
		app.Register(newChoir)
		app.Register(func() (*english, error) { return nil, exitError(7) })
		container.Exit(app.Run(context.Background()))
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestExit$")
	child.Env = append(os.Environ(), asChild+"=1")
	out, err := child.CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("the process ended with %v", err)
	}
	if want := "the application cannot start: 1 problem\n"; len(out) < len(want) || string(out[:len(want)]) != want {
		t.Errorf("the process wrote %q", out)
	}
}
