// SPDX-License-Identifier: Apache-2.0

package consumer

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// examples are those that are modules of their own, with what their READMEs say
// to run in them. They must work wherever they are copied to.
var examples = map[string][]string{
	"examples/console":        {"go run . -once -phase 300ms -port 0"},
	"examples/custom-adapter": {"go run .", "go test -race ./..."},
	"examples/service":        {"go test ./..."},
	"examples/testing":        {"go test -v ./..."},
}

func TestExamplesWorkOutsideTheRepository(t *testing.T) {
	t.Parallel()
	w := published(t)
	for _, m := range w.workspace.Modules {
		if !strings.HasPrefix(m.Dir, "examples/") {
			continue
		}
		commands, found := examples[m.Dir]
		if !found {
			t.Errorf("%s: add what its README.md says to run to examples", m.Dir)
			continue
		}
		t.Run(m.Dir, func(t *testing.T) {
			t.Parallel()
			folder := w.copyOut(t, m.Dir)
			for _, line := range commands {
				if strings.Contains(line, "-race") && !hasCompiler() {
					line = strings.Replace(line, "-race ", "", 1)
				}
				w.run(t, folder, "local", line)
			}
		})
	}
}

// hasCompiler reports whether there is a C compiler, which the race detector needs.
func hasCompiler() bool {
	out, err := exec.Command("go", "env", "CC").Output()
	if err == nil {
		_, err = exec.LookPath(strings.TrimSpace(string(out)))
	}
	return err == nil
}

// TestACloneRunsTheDemo does what README.md says first. It finds files that
// are there and not in the repository.
func TestACloneRunsTheDemo(t *testing.T) {
	t.Parallel()
	w := published(t)
	folder := filepath.Join(t.TempDir(), "clone")
	if _, err := w.repo.Clone(folder); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "make", "demo")
	cmd.Dir, cmd.Env = folder, slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GOFLAGS=") || strings.HasPrefix(v, "GOWORK=") || strings.HasPrefix(v, "MAKE")
	})
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("make demo: %v\n%s", err, out)
	}
}

// runUntil runs the program of a folder, interrupts it when it has printed a
// text, and returns all that it has printed.
func (w *world) runUntil(t *testing.T, folder, text string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "./shop")
	cmd.Dir = folder
	read, write := io.Pipe()
	cmd.Stdout, cmd.Stderr = write, write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		err := cmd.Wait()
		ended <- err
		_ = write.CloseWithError(err) // nil: the end
	}()
	var printed strings.Builder
	lines := bufio.NewScanner(read)
	for interrupted := false; lines.Scan(); {
		printed.WriteString(lines.Text() + "\n")
		if !interrupted && strings.Contains(lines.Text(), text) {
			interrupted = true
			if err := cmd.Process.Signal(os.Interrupt); err != nil {
				t.Error(err)
			}
		}
	}
	if err := <-ended; err != nil || lines.Err() != nil {
		t.Errorf("%v, %v\n%s", err, lines.Err(), &printed)
	}
	return printed.String()
}
