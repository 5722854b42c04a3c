// SPDX-License-Identifier: Apache-2.0

package container

import (
	"fmt"
	"strings"
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
//	   to mend     register a constructor that returns *catalog.Store
//
//	2. ...
type StartupError struct {
	Problems []*Problem `json:"problems"`
}

// Error implements error.
func (e *StartupError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the application cannot start: %s\n", plural(len(e.Problems), "problem"))
	for i, p := range e.Problems {
		writeProblem(&b, i+1, p)
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

func writeProblem(b *strings.Builder, number int, p *Problem) {
	prefix := fmt.Sprintf("%d. ", number)
	indent := strings.Repeat(" ", len(prefix))
	fmt.Fprintf(b, "\n%s%s %s\n", prefix, p.Code, p.What)
	for _, d := range p.Details {
		writeDetail(b, indent, d.Label, d.Text)
	}
	writeDetail(b, indent, "to mend", p.Remedy)
}

// writeDetail writes a label and its text, whose further lines are indented
// below the first.
func writeDetail(b *strings.Builder, indent, label, text string) {
	if text == "" {
		return
	}
	const width = 12
	head := fmt.Sprintf("%s%-*s", indent, width, label)
	for line := range strings.SplitSeq(text, "\n") {
		fmt.Fprintf(b, "%s%s\n", head, line)
		head = indent + strings.Repeat(" ", width)
	}
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
