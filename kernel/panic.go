// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"runtime"
	"strings"
)

// PanicError is a panic in a user's code that PyFly caught and reports as an
// error.
type PanicError struct {
	// Value is what panic was called with.
	Value any
	// Frames are the calls that led to the panic, innermost first, as
	// "function (file:line)". The run time's frames and those of PyFly and
	// dig are left out.
	Frames []string
}

// NewPanicError describes a recovered panic. Call it from the deferred
// function that called recover: the frames are those of the panic.
func NewPanicError(recovered any) *PanicError {
	return &PanicError{Value: recovered, Frames: userFrames()}
}

// Error implements error; it gives the value and where the panic arose.
func (e *PanicError) Error() string {
	text := "panic: " + textOf(e.Value)
	if len(e.Frames) > 0 {
		text += " at " + e.Frames[0]
	}
	return text
}

// textOf is fmt.Sprint, which panics if a method of the value panics with the
// value itself.
func textOf(value any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("a %T, whose methods panic", value)
		}
	}()
	return fmt.Sprint(value)
}

// Unwrap returns the value that was panicked with if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// notTheUsers are the prefixes of functions that a reader of a panic report
// cannot act on. Test packages of the project count as users.
var notTheUsers = []string{
	"runtime.", "reflect.", "go.uber.org/dig.",
	"github.com/pyfly-go/pyfly/kernel.",
	"github.com/pyfly-go/pyfly/config.",
	"github.com/pyfly-go/pyfly/lifecycle.",
	"github.com/pyfly-go/pyfly/container.",
	"github.com/pyfly-go/pyfly/container/internal/hook.",
	"github.com/pyfly-go/pyfly/resilience.",
	"github.com/pyfly-go/pyfly/discovery.",
	"github.com/pyfly-go/pyfly/client.",
	"github.com/pyfly-go/pyfly/client/internal/coding.",
	"github.com/pyfly-go/pyfly/client/internal/engine.",
	"github.com/pyfly-go/pyfly/client/internal/message.",
	"github.com/pyfly-go/pyfly/client/internal/nethttp.",
	"github.com/pyfly-go/pyfly/client/internal/oauth.",
	"github.com/pyfly-go/pyfly/client/internal/watcher.",
	"github.com/pyfly-go/pyfly/internal/usercode.",
}

func userFrames() []string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var users []string
	panicking := false
	for {
		frame, more := frames.Next()
		if frame.Function == "runtime.gopanic" && !panicking {
			panicking, users = true, nil // what came before is the recovering side
		}
		if frame.Function != "" && !hasAnyPrefix(frame.Function, notTheUsers) {
			users = append(users, fmt.Sprintf("%s (%s:%d)", frame.Function, frame.File, frame.Line))
		}
		if !more {
			return users
		}
	}
}

func hasAnyPrefix(s string, prefixes []string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}
