// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"bytes"
	"io"
)

// colouring colours the level in lines of a slog.TextHandler, which are written
// one at a time.
type colouring struct{ w io.Writer }

var levelMark = []byte("level=")

// Write writes a line. The count is that of what was given.
func (c colouring) Write(line []byte) (int, error) {
	begin := bytes.Index(line, levelMark)
	if begin < 0 {
		return c.w.Write(line)
	}
	begin += len(levelMark)
	end := begin + bytes.IndexAny(line[begin:], " \n")
	if end < begin {
		return c.w.Write(line)
	}
	coloured := make([]byte, 0, len(line)+12)
	coloured = append(coloured, line[:begin]...)
	coloured = append(coloured, "\x1b["+colourOf(line[begin:end])+"m"...)
	coloured = append(coloured, line[begin:end]...)
	coloured = append(coloured, "\x1b[0m"...)
	coloured = append(coloured, line[end:]...)
	if _, err := c.w.Write(coloured); err != nil {
		return 0, err
	}
	return len(line), nil
}

func colourOf(level []byte) string {
	switch {
	case bytes.HasPrefix(level, []byte("ERROR")):
		return "1;31"
	case bytes.HasPrefix(level, []byte("WARN")):
		return "33"
	case bytes.HasPrefix(level, []byte("INFO")):
		return "32"
	}
	return "2"
}
