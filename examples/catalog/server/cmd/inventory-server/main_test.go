// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"go.uber.org/goleak"
)

// TestMain is the program itself when a test asks for that.
func TestMain(m *testing.M) {
	if os.Getenv("INVENTORY_SERVER_RUN_MAIN") != "" {
		main()
		return
	}
	goleak.VerifyTestMain(m)
}

func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
	cmd.Env = append(os.Environ(), "INVENTORY_SERVER_RUN_MAIN=1")
	return cmd
}

func TestCtrlCStopsIt(t *testing.T) {
	cmd := program(t, "-addr", "127.0.0.1:0")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(line[strings.LastIndex(line, " ")+1:])
	defer http.DefaultClient.CloseIdleConnections()
	r, err := http.Get(url + "/health")
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	_ = r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("status %d", r.StatusCode)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("ended with %v", err)
	}
}

func TestAPortThatIsTakenIsExitCode1(t *testing.T) {
	reader, writer := io.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, []string{"-addr", "127.0.0.1:0"}, writer) }()
	line, err := bufio.NewReader(reader).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	address := strings.TrimSpace(line[strings.LastIndex(line, "/")+1:])
	text, err := program(t, "-addr", address).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 || !strings.Contains(string(text), address) {
		t.Errorf("%v: %s", err, text)
	}
	if err := run(ctx, []string{"-addr", address}, io.Discard); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("error %v", err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stopped with %v", err)
	}
}

func TestWrongArguments(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), []string{"-h"}, &out); !errors.Is(err, flag.ErrHelp) || !strings.Contains(out.String(), "host:port") {
		t.Errorf("help: %v: %s", err, &out)
	}
	for _, args := range [][]string{{"-port", "80"}, {"127.0.0.1:0"}, {"-addr", "nonsense"}} {
		if err := run(t.Context(), args, io.Discard); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}
