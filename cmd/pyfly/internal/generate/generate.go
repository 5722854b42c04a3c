// SPDX-License-Identifier: Apache-2.0

// Package generate writes the implementations of clients that are declared as
// interfaces.
package generate

import (
	"cmp"
	"fmt"
	"go/token"
	"os"
	"slices"
	"strings"
)

// Options say what to do.
type Options struct {
	Dir      string   // in which patterns are meant
	Patterns []string // of packages
	Version  string   // of the program
	Check    bool     // nothing is written
	Force    bool     // files that the user has changed are overwritten
}

// Result is what has been done, or if nothing is written, what is to be done.
type Result struct {
	Written   []string
	Removed   []string
	Unchanged []string
}

// Mistake is something wrong in the source.
type Mistake struct {
	Position token.Position
	What     string
}

// Mistakes are all that is wrong.
type Mistakes []Mistake

// Error implements error.
func (ms Mistakes) Error() string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.String()
	}
	return strings.Join(lines, "\n")
}

// String is the mistake with its position.
func (m Mistake) String() string { return fmt.Sprintf("%s: %s", m.Position, m.What) }

// output is a file to be written, or to be removed if it has no content.
type output struct {
	path    string
	content []byte
	state   state
}

// Run generates the files of packages. If anything is wrong, nothing is written.
func Run(o Options) (*Result, error) {
	p, err := load(o.Dir, o.Patterns)
	if err != nil {
		return nil, err
	}
	outputs, err := p.outputs(o.Version)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	var changed Mistakes
	for i := range outputs {
		out := &outputs[i]
		if out.state, err = stateOf(out.path, out.content); err != nil {
			return nil, err
		}
		switch isForeign := out.state == isForeign; {
		case isForeign && out.content == nil: // of the user's, or nobody's
		case isForeign && !o.Force:
			changed = append(changed, Mistake{token.Position{Filename: out.path}, foreign})
		case out.content == nil:
			r.Removed = append(r.Removed, out.path)
		case out.state == isCurrent:
			r.Unchanged = append(r.Unchanged, out.path)
		default:
			r.Written = append(r.Written, out.path)
		}
	}
	if len(changed) > 0 {
		return nil, changed
	}
	if o.Check {
		return r, nil
	}
	return r, apply(outputs, r)
}

func apply(outputs []output, r *Result) error {
	for _, path := range r.Removed {
		if err := os.Remove(path); err != nil {
			return err
		}
	}
	for _, out := range outputs {
		if !slices.Contains(r.Written, out.path) {
			continue
		}
		if err := os.WriteFile(out.path, out.content, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// outputs returns the files that belong to the program.
func (p *program) outputs(version string) (outputs []output, err error) {
	c := &collector{program: p, types: model{}, used: map[token.Pos]bool{}}
	clients := map[*source][]*client{}
	for _, s := range p.sources {
		clients[s] = c.clientsOf(s)
	}
	if len(c.mistakes) > 0 {
		return nil, c.mistakes.sorted()
	}
	wanted := map[string]bool{}
	for _, s := range p.sources {
		if len(clients[s]) == 0 {
			continue
		}
		content, err := fileOf(s, clients[s])
		if err != nil {
			return nil, fmt.Errorf("%s: what is generated is not valid: %w", s.path, err)
		}
		path := outputOf(s.path)
		wanted[path] = true
		outputs = append(outputs, output{path: path, content: withHeader(version, constraintOf(s.path, s.file), content)})
	}
	for _, path := range p.old {
		if !wanted[path] && !p.isIgnored(sourceOf(path)) {
			outputs = append(outputs, output{path: path})
		}
	}
	return outputs, nil
}

// isIgnored reports whether a file exists that does not belong to the program, as
// that of another operating system.
func (p *program) isIgnored(path string) bool {
	if p.parsed[path] != nil {
		return false
	}
	_, err := os.Stat(path)
	return err == nil
}

// sorted returns the mistakes by position, each once.
func (ms Mistakes) sorted() Mistakes {
	slices.SortStableFunc(ms, func(a, b Mistake) int {
		return cmp.Or(cmp.Compare(a.Position.Filename, b.Position.Filename), a.Position.Line-b.Position.Line, a.Position.Column-b.Position.Column)
	})
	return slices.Compact(ms)
}
