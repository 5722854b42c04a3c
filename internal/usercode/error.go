// SPDX-License-Identifier: Apache-2.0

package usercode

import (
	"context"
	"errors"
	"fmt"

	"github.com/pyfly-go/pyfly/kernel"
)

// Error returns err if its methods, and those of all errors that it wraps, can
// be called. Otherwise it returns a stand-in: its text names the failing method
// and its type, it wraps what err wraps, and errors.Is and errors.As find in it
// what they would find in err. For example:
//
//	*app.MyErr (nil): its Error method panicked: runtime error: invalid memory address or nil pointer dereference at app.(*MyErr).Error (/src/app/errors.go:12)
//
// An error that is or wraps a nil pointer is always replaced, because its
// methods may panic only for certain arguments. Methods are called on another
// goroutine than the caller's.
func Error(err error) error {
	if IsSafe(err) {
		return err
	}
	_, replacement := new(walk).replace(err)
	return replacement
}

// TypeOf returns the name of the type of an error. For a stand-in, it is the
// type of the original error.
func TypeOf(err error) string {
	switch s := err.(type) {
	case *standIn:
		return describe(s.err)
	case *wrapperStandIn:
		return describe(s.err)
	case *listStandIn:
		return describe(s.err)
	}
	return describe(err)
}

// IsSafe reports whether [Error] returns err itself.
func IsSafe(err error) bool {
	if err == nil || isKnown(err, 0) {
		return true
	}
	isSafe := false
	return attempt(func() { isSafe = new(walk).isSafe(err) }) == nil && isSafe
}

// maxErrors is the maximum number of errors that one error may wrap. It ends
// the walk through an error that wraps itself.
const maxErrors = 10_000

// walk visits an error and all errors that it wraps.
type walk struct{ seen int }

func (w *walk) isTooLong() bool {
	w.seen++
	return w.seen > maxErrors
}

// isSafe calls the methods of err and of all errors that it wraps. It panics if
// one of them panics.
func (w *walk) isSafe(err error) bool {
	if isNilPointer(err) || w.isTooLong() {
		return false
	}
	_ = err.Error()
	tryIs(err)
	tryAs(err)
	for _, inner := range unwrap(err) {
		if inner != nil && !w.isSafe(inner) {
			return false
		}
	}
	return true
}

// targets are the errors that this project compares with errors of user code,
// and one that no user code knows.
var targets = []error{
	context.Canceled, context.DeadlineExceeded,
	kernel.ErrNoSuchBean, kernel.ErrAmbiguousBean, kernel.ErrCircularDependency, kernel.ErrBeanCreation,
	kernel.ErrConfig, kernel.ErrCircuitOpen, errGoexit,
}

func tryIs(err error) {
	if asked, ok := err.(interface{ Is(error) bool }); ok {
		for _, target := range targets {
			asked.Is(target)
		}
	}
}

func tryAs(err error) {
	if asked, ok := err.(interface{ As(any) bool }); ok {
		asked.As(new(*standIn))
	}
}

func unwrap(err error) []error {
	switch wrapper := err.(type) {
	case interface{ Unwrap() error }:
		return []error{wrapper.Unwrap()}
	case interface{ Unwrap() []error }:
		return wrapper.Unwrap()
	}
	return nil
}

// replace returns a stand-in for err, which wraps stand-ins for all errors that
// err wraps, and the faults of their methods.
func (w *walk) replace(err error) (faults []string, replacement error) {
	if w.isTooLong() {
		return []string{fmt.Sprintf("%s: it wraps more than %d errors", describe(err), maxErrors)}, nil
	}
	var wrapped, inner []error
	fault := faultOf(err, "Unwrap", func() { wrapped = unwrap(err) })
	for _, e := range wrapped {
		if e == nil {
			continue
		}
		more, e := w.replace(e)
		faults = append(faults, more...)
		if e != nil {
			inner = append(inner, e)
		}
	}
	s := standIn{err: err}
	faults = s.describe(fault, inner, faults[:min(len(faults), maxFaults)])
	_, isList := err.(interface{ Unwrap() []error })
	switch {
	case len(inner) == 0:
		return faults, &s
	case isList:
		return faults, &listStandIn{s, inner}
	}
	return faults, &wrapperStandIn{s, inner[0]}
}

// maxFaults is the maximum number of faults in a text.
const maxFaults = 3

// faultOf calls a method of err and returns the reason why the method did not
// return, or "".
func faultOf(err error, method string, call func()) string {
	failure := attempt(call)
	if failure == nil {
		return ""
	}
	what := fmt.Sprintf("%s: its %s method", describe(err), method)
	var panicked *kernel.PanicError
	if !errors.As(failure, &panicked) {
		return what + " called runtime.Goexit"
	}
	what += " panicked: " + panicText(panicked.Value)
	if len(panicked.Frames) > 0 {
		what += " at " + panicked.Frames[0]
	}
	return what
}

// panicText returns the text of the panic of a method of an error. [Text] would
// not return if the value is the error itself.
func panicText(value any) (text string) {
	if attempt(func() { text = fmt.Sprint(value) }) != nil {
		return describe(value)
	}
	return text
}
