// SPDX-License-Identifier: Apache-2.0

// Package terminal detects terminals.
package terminal

import (
	"io"
	"os"
)

// Is reports whether w is a terminal, or another character device.
func Is(w io.Writer) bool {
	file, ok := w.(interface{ Stat() (os.FileInfo, error) })
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// IsColoured reports whether w is a terminal that supports colours. The
// environment can turn them off with NO_COLOR (https://no-color.org) or
// TERM=dumb.
func IsColoured(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && Is(w)
}
