// SPDX-License-Identifier: Apache-2.0

package usercode

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// standIn replaces an error of user code that wraps nothing.
type standIn struct {
	err  error
	text string
}

// wrapperStandIn replaces an error that wraps another one.
type wrapperStandIn struct {
	standIn
	inner error
}

// listStandIn replaces an error that wraps several others.
type listStandIn struct {
	standIn
	inner []error
}

func (s *wrapperStandIn) Unwrap() error { return s.inner }
func (s *listStandIn) Unwrap() []error  { return s.inner }

// Error implements error.
func (s *standIn) Error() string { return s.text }

// Is reports whether the original error is target or its method Is returns
// true.
func (s *standIn) Is(target error) (is bool) {
	failure := attempt(func() {
		is = reflect.TypeOf(target).Comparable() && s.err == target
		if asked, ok := s.err.(interface{ Is(error) bool }); ok && !is {
			is = asked.Is(target)
		}
	})
	return failure == nil && is
}

// As sets target to the original error if the type matches, or calls its method
// As.
func (s *standIn) As(target any) (is bool) {
	into := reflect.ValueOf(target).Elem()
	if reflect.TypeOf(s.err).AssignableTo(into.Type()) {
		into.Set(reflect.ValueOf(s.err))
		return true
	}
	asked, ok := s.err.(interface{ As(any) bool })
	return ok && attempt(func() { is = asked.As(target) }) == nil && is
}

// describe computes the text, and returns the faults of the error and of the
// errors that it wraps. The text is that of the error, followed by the faults.
// If the error has no text because of a wrapped error, the texts of the wrapped
// errors are used.
func (s *standIn) describe(fault string, inner []error, innerFaults []string) (faults []string) {
	if isJoin(s.err) && len(inner) > 0 {
		s.text = textOf(inner)
		return innerFaults
	}
	noText := faultOf(s.err, "Error", func() { s.text = s.err.Error() })
	switch {
	case noText != "" && len(innerFaults) > 0:
		s.text = textOf(inner)
		return innerFaults
	case noText != "":
		s.text = noText
		if len(inner) > 0 {
			s.text += "; it wraps: " + textOf(inner)
		}
		return []string{noText}
	}
	if fault == "" {
		fault = faultOf(s.err, "Is", func() { tryIs(s.err) })
	}
	if fault == "" {
		fault = faultOf(s.err, "As", func() { tryAs(s.err) })
	}
	if fault == "" && isNilPointer(s.err) {
		fault = fmt.Sprintf("%T is a nil pointer", s.err)
	}
	faults = innerFaults
	if fault != "" {
		faults = append([]string{fault}, innerFaults...)
	}
	if len(faults) > 0 {
		s.text += " (" + strings.Join(faults, "; ") + ")"
	}
	return faults
}

var joinType = reflect.TypeOf(errors.Join(errGoexit))

func isJoin(err error) bool { return reflect.TypeOf(err) == joinType }

func textOf(errs []error) string {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "\n")
}
