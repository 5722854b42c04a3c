// SPDX-License-Identifier: Apache-2.0

package config

import "fmt"

// source is where a Config was loaded from.
type source struct {
	opts  []Option
	base  string // the base file, or ""
	files *snapshot
	read  map[string]bool // the files that were read, and whether they held anything
	names []string        // the same in their order
}

// Reload reads the sources of c as they are now: the files, the active profiles
// and the environment. It returns c itself if no value has changed, or if c was
// made by [New].
//
// A file that settings were read from and that is missing or empty now does not
// remove them: the error is fs.ErrNotExist or io.ErrUnexpectedEOF.
// Otherwise errors are those of [Load].
func (c *Config) Reload() (*Config, error) {
	if c.source == nil {
		return c, nil
	}
	next, err := c.reload(c.source.files.again().selection())
	if err != nil {
		return nil, err
	}
	if len(next.difference(c)) == 0 {
		return c, nil
	}
	return next, nil
}

// reload loads c anew from a snapshot. What was asked of c counts as asked of
// the result.
func (c *Config) reload(files *snapshot) (*Config, error) {
	l := newLoader(c.source.opts, files)
	l.before = c.source
	next, err := l.load()
	if err != nil {
		return nil, err
	}
	next.AddShortForms(c.merged.Load().forms...)
	for _, prefix := range c.environment().prefixes {
		next.AddPrefix(prefix)
	}
	next.asked.addAll(&c.asked)
	return next, nil
}

// lostFile reports a file that settings were read from and that has none any
// more. Whoever replaces a file may remove or empty it for a moment.
func lostFile(path, is string, cause error) *Error {
	return &Error{
		Origin:  Origin{File: path},
		Message: fmt.Sprintf("this file %s; its settings, and all others, stay as they are", is),
		Want:    "restore the file, or write {} into it to remove its settings",
		Err:     cause,
	}
}
