// SPDX-License-Identifier: Apache-2.0

package terminal

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// device looks like a terminal.
type device struct{ bytes.Buffer }

func (*device) Stat() (os.FileInfo, error) { return info{}, nil }

type info struct{ os.FileInfo }

func (info) Mode() fs.FileMode { return fs.ModeDevice | fs.ModeCharDevice }

func TestWhatIsATerminal(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	if !Is(&device{}) || Is(&bytes.Buffer{}) || Is(file) || Is(nil) {
		t.Error("mistaken")
	}
}

func TestColourCanBeRefused(t *testing.T) {
	for _, c := range []struct {
		noColor, term string
		want          bool
	}{{"", "xterm", true}, {"1", "xterm", false}, {"", "dumb", false}, {"", "", true}} {
		t.Setenv("NO_COLOR", c.noColor)
		t.Setenv("TERM", c.term)
		if got := IsColoured(&device{}); got != c.want {
			t.Errorf("NO_COLOR=%q TERM=%q: %t", c.noColor, c.term, got)
		}
	}
}
