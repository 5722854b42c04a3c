// SPDX-License-Identifier: Apache-2.0

// Package usercode protects the process from user code: from functions that
// panic, and from errors whose methods panic or end their goroutine. Every
// error of user code passes through [Call] or [Error]. After that, it can be
// printed and passed to errors.Is, errors.As and errors.Unwrap.
//
// A fatal error of the Go runtime, such as a stack overflow, still ends the
// process, because it cannot be recovered.
package usercode

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/pyfly-go/pyfly/kernel"
)

// Call calls fn and returns its error as [Error] does. If fn panics, the error
// wraps a *kernel.PanicError. If fn calls runtime.Goexit, the caller's
// goroutine ends.
func Call(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = kernel.NewPanicError(r)
		}
		err = Error(err)
	}()
	return fn()
}

// As is errors.As, except that it does not find nil pointers.
func As[T any](err error) (found T, ok bool) {
	if !errors.As(err, &found) || isNilPointer(found) {
		var none T
		return none, false
	}
	return found, true
}

// Text returns the text of any value of user code, such as the value of a
// panic. It is the result of fmt.Sprint, or the value's type if a method of the
// value panics.
func Text(v any) (text string) {
	if err, ok := v.(error); ok {
		return Error(err).Error()
	}
	if attempt(func() { text = fmt.Sprint(v) }) != nil {
		return describe(v)
	}
	return text
}

var errGoexit = errors.New("runtime.Goexit was called")

// attempt calls fn on its own goroutine and returns the reason why fn did not
// return: a *kernel.PanicError or errGoexit.
func attempt(fn func()) error {
	result := make(chan error)
	go func() {
		err := errGoexit
		defer func() {
			if r := recover(); r != nil {
				err = kernel.NewPanicError(r)
			}
			result <- err
		}()
		fn()
		err = nil
	}()
	return <-result
}

// describe returns the type name of a value; it calls no method.
func describe(v any) string {
	if isNilPointer(v) {
		return fmt.Sprintf("%T (nil)", v)
	}
	return fmt.Sprintf("%T", v)
}

func isNilPointer(v any) bool {
	value := reflect.ValueOf(v)
	return value.Kind() == reflect.Pointer && value.IsNil()
}
