// SPDX-License-Identifier: Apache-2.0

package container

import (
	"encoding/json"
	"errors"
	"strings"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

// ProblemCode says what kind of problem a [Problem] is. Codes are stable: tests and
// tools may compare them.
type ProblemCode string

// The codes of a [Problem].
const (
	CodeMissing      ProblemCode = "DI001" // no bean fits a parameter; kernel.ErrNoSuchBean
	CodeAmbiguous    ProblemCode = "DI002" // several beans fit a parameter; kernel.ErrAmbiguousBean
	CodeCycle        ProblemCode = "DI003" // beans need each other in a circle; kernel.ErrCircularDependency
	CodeDuplicate    ProblemCode = "DI004" // two beans of one name
	CodeConstructor  ProblemCode = "DI005" // a constructor returned an error or nil
	CodePanic        ProblemCode = "DI006" // a constructor panicked
	CodeHook         ProblemCode = "DI007" // PostConstruct, Start, Stop or PreDestroy failed, panicked or hung
	CodeProcessor    ProblemCode = "DI008" // a post-processor returned an error or nil, or panicked
	CodeReplacement  ProblemCode = "DI009" // a post-processor's replacement does not fit the bean's type
	CodeRegistration ProblemCode = "DI010" // what was registered cannot be a bean
	CodeConfig       ProblemCode = "DI011" // a setting or settings file is wrong; kernel.ErrConfig
	CodeDeclaration  ProblemCode = "DI012" // a declaration that a module checks, such as a client's, is wrong
	CodeCancelled    ProblemCode = "DI013" // the start was cancelled by its context or by Stop
)

// Problem is one thing that is wrong with an application: as data for tests and
// tools, and as an error.
type Problem struct {
	// Code says what kind of problem it is, [CodeMissing] for example.
	Code ProblemCode `json:"code"`
	// What says what is wrong, in one line.
	What string `json:"what"`
	// Bean is the name of the bean concerned, if there is one.
	Bean string `json:"bean,omitempty"`
	// Details are the circumstances: who needed it, where it was registered,
	// what came close.
	Details []Detail `json:"details,omitempty"`
	// Remedy says what to do.
	Remedy string `json:"remedy,omitempty"`
	// Err is the cause: a constructor's error, a *config.Error, a
	// *kernel.PanicError. An error whose methods panic is replaced by one that
	// says so and that errors.Is and errors.As take for it.
	Err error `json:"-"`
}

// Detail is one circumstance of a [Problem].
type Detail struct {
	Label string `json:"label"` // "needed by", "registered", "path", "near"
	Text  string `json:"text"`
}

var kindOfCode = map[ProblemCode]error{
	CodeMissing:   kernel.ErrNoSuchBean,
	CodeAmbiguous: kernel.ErrAmbiguousBean,
	CodeCycle:     kernel.ErrCircularDependency,
	CodeConfig:    kernel.ErrConfig,
}

// Error implements error: the code and what is wrong, in one line.
func (p *Problem) Error() string { return string(p.Code) + " " + p.What }

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Is matches the sentinel of the problem's kind: kernel.ErrNoSuchBean,
// kernel.ErrAmbiguousBean, kernel.ErrCircularDependency, kernel.ErrConfig, or
// kernel.ErrBeanCreation for all other codes.
func (p *Problem) Is(target error) bool {
	if kind, ok := kindOfCode[p.Code]; ok {
		return target == kind
	}
	return target == kernel.ErrBeanCreation
}

// MarshalJSON adds the text of the cause.
func (p *Problem) MarshalJSON() ([]byte, error) {
	type plain Problem
	cause := ""
	if p.Err != nil {
		cause = p.Err.Error()
	}
	return json.Marshal(struct {
		*plain
		Cause string `json:"cause,omitempty"`
	}{(*plain)(p), cause})
}

func (p *Problem) detail(label, text string) *Problem {
	if text != "" {
		p.Details = append(p.Details, Detail{label, text})
	}
	return p
}

// problemsOf turns an error of [usercode.Call], which may be several joined, into
// problems; those that are none already get the given code.
func problemsOf(err error, code ProblemCode) []*Problem {
	if err == nil {
		return nil
	}
	if parts, ok := joined(err); ok {
		var problems []*Problem
		for _, part := range parts {
			problems = append(problems, problemsOf(part, code)...)
		}
		return problems
	}
	if problem, ok := usercode.As[*Problem](err); ok {
		return []*Problem{problem.guarded()}
	}
	if setting, ok := usercode.As[*config.Error](err); ok {
		return []*Problem{{Code: CodeConfig, What: withoutRemedy(setting), Remedy: setting.Want, Err: err}}
	}
	if errors.Is(err, kernel.ErrConfig) {
		code = CodeConfig
	}
	return []*Problem{{Code: code, What: firstLine(err.Error()), Err: err}}
}

// guarded returns the problem with a cause that is safe to use.
func (p *Problem) guarded() *Problem {
	if usercode.IsSafe(p.Err) {
		return p
	}
	guarded := *p
	guarded.Err = usercode.Error(p.Err)
	return &guarded
}

// joined returns the parts of what errors.Join made, or of a list of errors
// that says no more than its parts do.
func joined(err error) ([]error, bool) {
	list, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return nil, false
	}
	if _, isReport := err.(*StartupError); isReport {
		return list.Unwrap(), true
	}
	var texts []string
	for _, part := range list.Unwrap() {
		if part != nil {
			texts = append(texts, part.Error())
		}
	}
	return list.Unwrap(), len(texts) > 0 && err.Error() == strings.Join(texts, "\n")
}

// withoutRemedy is the text of a wrong setting; what to do is shown apart.
func withoutRemedy(e *config.Error) string {
	what := *e
	what.Want = ""
	return what.Error()
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}
