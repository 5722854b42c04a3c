// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"errors"
	"slices"
)

// Errors returns a condition that matches the errors for which errors.Is reports
// true with at least one of targets. A nil target matches nothing; without
// targets, the condition matches no error.
func Errors(targets ...error) func(error) bool {
	targets = slices.Clone(targets)
	return func(err error) bool {
		return err != nil && slices.ContainsFunc(targets, func(target error) bool { return errors.Is(err, target) })
	}
}

// ErrorType returns a condition that matches the errors in which errors.As finds
// a T. T is the type that the error was returned with, such as *net.OpError, or
// an interface such as net.Error.
func ErrorType[T error]() func(error) bool {
	return func(err error) bool {
		var target T
		return errors.As(err, &target)
	}
}

// Any returns a condition that matches the errors that at least one of
// conditions matches. A nil condition matches nothing; without conditions, the
// result matches no error.
func Any(conditions ...func(error) bool) func(error) bool {
	conditions = slices.Clone(conditions)
	return func(err error) bool {
		return slices.ContainsFunc(conditions, func(matches func(error) bool) bool { return matches != nil && matches(err) })
	}
}

// matches reports whether a condition of a configuration matches err. A nil
// condition matches every error.
func matches(condition func(error) bool, err error) bool { return condition == nil || condition(err) }
