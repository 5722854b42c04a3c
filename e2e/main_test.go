// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := browser.close(); err != nil {
		fmt.Fprintln(os.Stderr, "the browser did not end well:", err)
		code = max(code, 1)
	}
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// program finds a program that the test needs. Without it the test is skipped,
// but fails where CI is true.
func program(t *testing.T, names ...string) string {
	t.Helper()
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if isCI, _ := strconv.ParseBool(os.Getenv("CI")); isCI {
		t.Fatalf("there is no %s on the PATH: run tools/install-e2e.sh", names[0])
	}
	t.Skipf("there is no %s on the PATH: run tools/install-e2e.sh", names[0])
	return ""
}
