// SPDX-License-Identifier: Apache-2.0

// Pyfly is the tool of module github.com/pyfly-go/pyfly.
//
//	go get -tool github.com/pyfly-go/pyfly/cmd/pyfly
//	go tool pyfly generate ./...
//
// The command generate writes the implementations of clients that are declared as
// interfaces: see docs/interfaces.md.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/cmd/pyfly/internal/generate"
)

// The codes with which the program exits.
const (
	exitDone = iota
	exitMistakes
	exitUsage
)

func main() { os.Exit(run(os.Args[1:], ".", os.Stdout, os.Stderr)) }

const usage = `usage: pyfly generate [-check] [-force] [-json] [packages]

Generate writes the implementations of clients that are declared as interfaces, one
file for each source file. Packages are patterns as for go build; the default is ".".

  -check  write nothing; fail if a file is missing or stale
  -force  overwrite files that were changed after they had been generated
  -json   print what was done as JSON
`

func run(args []string, dir string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("pyfly", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage) }
	check, force, asJSON := flags.Bool("check", false, ""), flags.Bool("force", false, ""), flags.Bool("json", false, "")
	words, err := parse(flags, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		return exitUsage
	case len(words) == 0 || words[0] != "generate":
		flags.Usage()
		return exitUsage
	}
	patterns := words[1:]
	if len(patterns) == 0 {
		patterns = []string{"."}
	}
	result, err := generate.Run(generate.Options{Dir: dir, Patterns: patterns, Version: version(), Check: *check, Force: *force})
	r := report{Mistakes: mistakesOf(err, dir), isCheck: *check}
	if result != nil {
		r.Written, r.Removed, r.Unchanged = relative(dir, result.Written), relative(dir, result.Removed), relative(dir, result.Unchanged)
	}
	r.print(*asJSON, stdout, stderr)
	if err != nil || *check && len(r.Written)+len(r.Removed) > 0 {
		return exitMistakes
	}
	return exitDone
}

// parse reads flags that stand before or after other words.
func parse(flags *flag.FlagSet, args []string) (words []string, err error) {
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		rest := flags.Args()
		if len(rest) < len(args) && args[len(args)-len(rest)-1] == "--" {
			return append(words, rest...), nil
		}
		if len(rest) == 0 {
			break
		}
		words, args = append(words, rest[0]), rest[1:]
	}
	return words, nil
}

// report is what is printed.
type report struct {
	Written   []string  `json:"written"`
	Removed   []string  `json:"removed"`
	Unchanged []string  `json:"unchanged"`
	Mistakes  []mistake `json:"mistakes"`

	isCheck bool
}

type mistake struct {
	File   string `json:"file,omitempty"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
	What   string `json:"what"`
}

func mistakesOf(err error, dir string) []mistake {
	var mistakes generate.Mistakes
	switch {
	case err == nil:
		return []mistake{}
	case !errors.As(err, &mistakes):
		return []mistake{{What: err.Error()}}
	}
	var all []mistake
	for _, m := range mistakes {
		all = append(all, mistake{relative(dir, []string{m.Position.Filename})[0], m.Position.Line, m.Position.Column, m.What})
	}
	return all
}

func (m mistake) String() string {
	switch {
	case m.File == "":
		return m.What
	case m.Line == 0:
		return fmt.Sprintf("%s: %s", m.File, m.What)
	}
	return fmt.Sprintf("%s:%d:%d: %s", m.File, m.Line, m.Column, m.What)
}

func (r report) print(asJSON bool, stdout, stderr io.Writer) {
	if asJSON {
		encoder := json.NewEncoder(stdout)
		encoder.SetIndent("", "  ")
		encoder.SetEscapeHTML(false)
		_ = encoder.Encode(r)
		return
	}
	for _, m := range r.Mistakes {
		_, _ = fmt.Fprintln(stderr, m)
	}
	for _, path := range r.Written {
		if r.isCheck {
			_, _ = fmt.Fprintf(stderr, "%s: it is missing or stale: run pyfly generate\n", path)
		} else {
			_, _ = fmt.Fprintln(stdout, "wrote", path)
		}
	}
	for _, path := range r.Removed {
		if r.isCheck {
			_, _ = fmt.Fprintf(stderr, "%s: no interface belongs to it any more: run pyfly generate\n", path)
		} else {
			_, _ = fmt.Fprintln(stdout, "removed", path)
		}
	}
}

// relative returns paths as seen from a folder, if they are below it.
func relative(dir string, paths []string) []string {
	base, err := filepath.Abs(dir)
	paths = append([]string{}, paths...)
	for i, path := range paths {
		if short, relErr := filepath.Rel(base, path); err == nil && relErr == nil && !strings.HasPrefix(short, "..") {
			paths[i] = short
		}
	}
	slices.Sort(paths)
	return paths
}

// version is that of this module.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}
