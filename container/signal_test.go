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

	"github.com/pyfly-go/pyfly/container"
)

// TestASecondSignalEndsTheProcessAtOnce runs itself as a process whose beans
// never stop.
func TestASecondSignalEndsTheProcessAtOnce(t *testing.T) {
	const asChild = "PYFLY_TEST_HANGING_PROCESS"
	if os.Getenv(asChild) != "" {
		runHangingProcess()
		return
	}
	for _, first := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestASecondSignal", "-test.v=false")
		child.Env = append(os.Environ(), asChild+"=1")
		out, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		for _, wanted := range []string{"ready", "stopping"} {
			if !lines.Scan() || lines.Text() != wanted {
				t.Fatalf("the process says %q (%v), want %q", lines.Text(), lines.Err(), wanted)
			}
			if err := child.Process.Signal(first); err != nil {
				t.Fatal(err)
			}
		}
		var exit *exec.ExitError
		if err := child.Wait(); !errors.As(err, &exit) || exit.Sys().(syscall.WaitStatus).Signal() != first {
			t.Errorf("after a second %s: %v", first, err)
		}
	}
}

func runHangingProcess() {
	app := newApp()
	app.RegisterInstance(&hooked{stop: func(context.Context) error {
		fmt.Println("stopping")
		select {}
	}})
	app.RegisterInstance(&job{run: func(context.Context) error { fmt.Println("ready"); return nil }})
	container.Exit(app.Run(context.Background()))
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
