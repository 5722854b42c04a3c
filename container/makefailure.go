// SPDX-License-Identifier: Apache-2.0

package container

import (
	"errors"
	"fmt"
	"time"

	"github.com/pyfly-go/pyfly/container/internal/hook"
	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

func notMade(b *node, why string) *Problem {
	p := &Problem{Code: CodeConstructor, Bean: b.name, Err: errNeedFailed, What: fmt.Sprintf("%s is not available: %s", b.name, why)}
	return p.detail("bean", b.describe())
}

func stoppedProblem(b *node) *Problem {
	return &Problem{
		Code: CodeCancelled, Bean: b.name, Err: ErrNotStarted,
		What: fmt.Sprintf("%s cannot be made: the application context is stopping", b.name),
	}
}

// errNeedFailed marks what is only the consequence of another problem.
var errNeedFailed = errors.New("it could not be built")

var errGoexit = errors.New("it ended its goroutine with runtime.Goexit")

// tooLong says that constructor and processors of a bean have had their time.
func tooLong(b *node, took time.Duration, where string) *Problem {
	p := &Problem{
		Code: CodeConstructor, Bean: b.name, Err: hook.ErrHangs,
		What:   fmt.Sprintf("%s was not built within %s", b.name, took.Round(time.Millisecond)),
		Remedy: "do slow work in PostConstruct or Start, whose context ends at the limit, or raise the limit\n(pyfly.context.start-timeout)",
	}
	p.detail("constructor", b.label()).detail("registered", b.where())
	return p.detail("stands at", where)
}

var errReturnedNil = errors.New("it returned nil and no error")

func constructorFailed(b *node, err error) *Problem {
	p := &Problem{
		Code: CodeConstructor, Bean: b.name, Err: err,
		What: fmt.Sprintf("the constructor of %s failed: %v", b.name, err),
	}
	return p.detail("constructor", b.label()).detail("registered", b.where())
}

func constructorPanicked(b *node, err error) *Problem {
	panicked, _ := usercode.As[*kernel.PanicError](err) // usercode.Call returns one
	p := &Problem{
		Code: CodePanic, Bean: b.name, Err: err,
		What:   fmt.Sprintf("the constructor of %s panicked: %s", b.name, usercode.Text(panicked.Value)),
		Remedy: "return an error instead: func(...) (T, error)",
	}
	return p.detail("constructor", b.label()).detail("registered", b.where()).detail("at", framesText(panicked))
}

func framesText(err *kernel.PanicError) string {
	text := ""
	for i, frame := range err.Frames {
		if i == 5 {
			break
		}
		if i > 0 {
			text += "\n"
		}
		text += frame
	}
	return text
}
