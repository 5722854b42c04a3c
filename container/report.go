// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"io"
	"strings"

	"github.com/pyfly-go/pyfly/internal/terminal"
)

// StartupError is what Start returns when the application cannot start: a
// report of everything that is wrong, numbered, with a remedy for each.
// errors.Is and errors.As see every problem and its cause.
//
// Error lays it out for a person:
//
//	the application cannot start: 2 problems
//
//	1. DI001 no bean of type *catalog.Store
//	   needed by   catalogService: parameter 1 of catalog.NewService (catalog/service.go:12)
//	   registered  catalog/main.go:30
//	   fix         register a constructor that returns *catalog.Store
//
//	2. ...
type StartupError struct {
	Problems []*Problem `json:"problems"`
}

// Error implements error.
func (e *StartupError) Error() string { return e.render(style{}) }

// WriteTo writes the report, in colour if w is a terminal, unless the
// environment says NO_COLOR (https://no-color.org) or TERM=dumb.
func (e *StartupError) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, e.render(styleFor(w)))
	return int64(n), err
}

func (e *StartupError) render(s style) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", s.bold("the application cannot start: "+plural(len(e.Problems), "problem")))
	for i, p := range e.Problems {
		s.writeProblem(&b, i+1, p)
	}
	return b.String()
}

// Unwrap returns the problems as errors.
func (e *StartupError) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}

func (s style) writeProblem(b *strings.Builder, number int, p *Problem) {
	prefix := fmt.Sprintf("%d. ", number)
	indent := strings.Repeat(" ", len(prefix))
	fmt.Fprintf(b, "\n%s%s %s\n", prefix, s.red(string(p.Code)), s.bold(p.What))
	for _, d := range p.Details {
		s.writeDetail(b, indent, d.Label, d.Text)
	}
	s.writeDetail(b, indent, "fix", p.Remedy)
}

// writeDetail writes a label and its text, whose further lines are indented
// below the first.
func (s style) writeDetail(b *strings.Builder, indent, label, text string) {
	if text == "" {
		return
	}
	const width = 12
	head := indent + s.dim(fmt.Sprintf("%-*s", width, label))
	for line := range strings.SplitSeq(text, "\n") {
		if label == "fix" {
			line = s.green(line)
		}
		fmt.Fprintf(b, "%s%s\n", head, line)
		head = indent + strings.Repeat(" ", width)
	}
}

// style colours text for a terminal, or leaves it as it is.
type style struct{ isColoured bool }

func styleFor(w io.Writer) style { return style{isColoured: terminal.IsColoured(w)} }

func (s style) paint(code, text string) string {
	if !s.isColoured {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

func (s style) bold(text string) string  { return s.paint("1", text) }
func (s style) dim(text string) string   { return s.paint("2", text) }
func (s style) red(text string) string   { return s.paint("1;31", text) }
func (s style) green(text string) string { return s.paint("32", text) }

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
