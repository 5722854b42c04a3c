// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"fmt"
	"runtime"
	"strings"
)

// PanicError is a panic of user code that PyFly recovered and returns as an
// error.
type PanicError struct {
	// Value is the argument of panic.
	Value any
	// Frames are the calls that led to the panic, innermost first, as "function
	// (file:line)". Frames of the Go runtime, PyFly and dig are omitted.
	Frames []string
}

// NewPanicError describes a recovered panic. It must be called from the
// deferred function that called recover, because it reads the frames of the
// panic from the stack.
func NewPanicError(recovered any) *PanicError {
	return &PanicError{Value: recovered, Frames: userFrames()}
}

// Error returns the value and the place of the panic.
func (e *PanicError) Error() string {
	text := "panic: " + textOf(e.Value)
	if len(e.Frames) > 0 {
		text += " at " + e.Frames[0]
	}
	return text
}

// textOf is fmt.Sprint for any value. It also handles values whose methods
// panic with the value itself.
func textOf(value any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("a %T, whose methods panic", value)
		}
	}()
	return fmt.Sprint(value)
}

// Unwrap returns the value if it is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// notTheUsers are the prefixes of functions that are omitted from frames. Test
// packages of the project count as user code.
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
			panicking, users = true, nil // earlier frames are those of the recovering function
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
