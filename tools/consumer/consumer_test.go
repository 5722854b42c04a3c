// SPDX-License-Identifier: Apache-2.0

// Package consumer does what the guides tell users to do, with the modules as
// the tags of a release would publish the work tree: a file-system proxy serves
// them, and nothing outside the published files can help.
package consumer

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/tools/internal/publish"
)

// limit is for one command: some download a Go release and compile the
// standard library.
const limit = 5 * time.Minute

// world is the work tree as a release.
type world struct {
	repo      publish.Repository // a copy of the work tree, frozen
	workspace *publish.Workspace
	env       []string // of go commands that use the proxy
}

// temporary is removed at the end.
var temporary string

func TestMain(m *testing.M) {
	var err error
	if temporary, err = os.MkdirTemp("", "pyfly-consumer"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(temporary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

var publishOnce = sync.OnceValues(func() (*world, error) {
	root, err := filepath.Abs("../..")
	if err != nil {
		return nil, err
	}
	repo, err := publish.Repository(root).Snapshot(filepath.Join(temporary, "repository"))
	if err != nil {
		return nil, err
	}
	w, err := publish.Open(root)
	if err != nil {
		return nil, err
	}
	proxy := publish.Proxy(filepath.Join(temporary, "proxy"))
	env, err := proxy.Env(w, filepath.Join(root, publish.ModuleCache))
	if err != nil {
		return nil, err
	}
	w, err = publish.Freeze(repo, proxy, w.Version, nil)
	return &world{repo, w, env}, err
})

func published(t *testing.T) *world {
	t.Helper()
	w, err := publishOnce()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// toolchains are the releases of Go that users may have: GOTOOLCHAIN by name.
func (w *world) toolchains(t *testing.T) map[string]string {
	t.Helper()
	oldest, err := w.workspace.GoVersion()
	if err != nil {
		t.Fatal(err)
	}
	return map[string]string{"oldest Go": "go" + oldest, "this Go": "local"}
}

// needs skips a test where a toolchain cannot be fetched, but fails in CI.
func (w *world) needs(t *testing.T, toolchain string) {
	t.Helper()
	out, err := w.command(t, t.TempDir(), toolchain, "go", "version")
	if err == nil {
		return
	}
	report := t.Skipf
	if isCI, _ := strconv.ParseBool(os.Getenv("CI")); isCI {
		report = t.Fatalf
	}
	report("%s, the oldest Go supported, cannot be fetched through the module proxy, so that nothing is checked with it: %v\n%s", toolchain, err, out)
}

// command runs a command in a folder and returns what it prints.
func (w *world) command(t *testing.T, folder, toolchain string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), args[0], args[1:]...)
	cmd.Dir, cmd.Env = folder, append(w.env, "GOTOOLCHAIN="+toolchain)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	timer := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// run is command for what must succeed. Each line is split at blanks.
func (w *world) run(t *testing.T, folder, toolchain, line string) string {
	t.Helper()
	out, err := w.command(t, folder, toolchain, strings.Fields(line)...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", line, err, out)
	}
	return out
}

// copyOut copies a folder of the repository out of it.
func (w *world) copyOut(t *testing.T, from string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(filepath.Join(string(w.repo), from))); err != nil {
		t.Fatal(err)
	}
	return to
}
