// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Check reports what keeps the modules from being published as they are: a
// replacement, which those who import a module do not get, and any file that
// names another version than go.work.
func (w *Workspace) Check() error {
	var problems []error
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	for _, m := range w.Modules {
		name := filepath.ToSlash(filepath.Join(m.Dir, "go.mod"))
		if m.Replaces {
			problem("%s has a replace directive: only go.work may have them", name)
		}
		required, err := w.Requirements(m)
		if err != nil {
			return err
		}
		for _, path := range m.Requires {
			if required[path] != w.Version {
				problem("%s requires %s %s, but go.work says %s", name, path, required[path], w.Version)
			}
		}
	}
	err := w.eachMention(func(name, text string) error {
		for _, match := range mention.FindAllStringSubmatch(text, -1) {
			if match[2] != w.Version {
				problem("%s names the version %s, but go.work says %s", name, match[2], w.Version)
			}
		}
		return nil
	})
	return errors.Join(append(problems, err)...)
}

// mention is where the guides name the version: in the banner, in /info and in
// a command with a package.
var mention = regexp.MustCompile(`(PyFly for Go |"pyfly": ?"|pyfly-go/pyfly[\w/-]*@)(v\d+\.\d+\.\d+(?:-[\w.]+)?)`)

// mentionVersion makes the guides name another version.
func (w *Workspace) mentionVersion(version string) error {
	return w.eachMention(func(name, text string) error {
		changed := mention.ReplaceAllString(text, "${1}"+strings.ReplaceAll(version, "$", "$$"))
		if changed == text {
			return nil
		}
		return os.WriteFile(filepath.Join(w.Root, name), []byte(changed), 0o644)
	})
}

// eachMention calls do with each guide.
func (w *Workspace) eachMention(do func(name, text string) error) error {
	var names []string
	for _, pattern := range []string{"README.md", "docs/*.md", "examples/*/README.md"} {
		found, err := filepath.Glob(filepath.Join(w.Root, pattern))
		if err != nil {
			return err
		}
		names = append(names, found...)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(w.Root, name)
		if err != nil {
			return err
		}
		if err := do(filepath.ToSlash(relative), string(text)); err != nil {
			return err
		}
	}
	return nil
}
