// SPDX-License-Identifier: Apache-2.0

// Package terminal tells what is written to a person at a terminal.
package terminal

import (
	"io"
	"os"
)

// Is reports whether w is a terminal, or another device that shows characters.
func Is(w io.Writer) bool {
	file, ok := w.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// IsColoured reports whether w is a terminal that may be written to in colour:
// unless the environment says NO_COLOR (https://no-color.org) or TERM=dumb.
func IsColoured(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && Is(w)
}
