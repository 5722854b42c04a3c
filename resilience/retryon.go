// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/pyfly-go/pyfly/kernel"
)

// matcher is a RetryOn, compiled.
type matcher struct {
	match            func(error) bool
	namesCircuitOpen bool
}

func matchAny(error) bool { return true }

// newMatcher compiles a RetryOn, or says what is wrong with it.
func newMatcher(retryOn any) (matcher, error) {
	switch on := retryOn.(type) {
	case nil:
		return matcher{match: matchAny}, nil
	case func(error) bool:
		if on == nil {
			return matcher{match: matchAny}, nil
		}
		return matcher{match: on}, nil
	case []error:
		list := make([]any, len(on))
		for i, err := range on {
			list[i] = err
		}
		return newListMatcher(list)
	case []any:
		return newListMatcher(on)
	case error:
		return newErrorMatcher(on), nil
	}
	if t := reflect.TypeOf(retryOn); isTarget(t) {
		return matcher{match: matchType(t.Elem())}, nil
	}
	return matcher{}, fmt.Errorf("%w: retry-on is a %T: give an error, a []error, a func(error) bool, or a pointer for errors.As such as new(*net.OpError)",
		kernel.ErrConfig, retryOn)
}

func newListMatcher(list []any) (matcher, error) {
	var all matcher
	var matches []func(error) bool
	for _, item := range list {
		if item == nil {
			return matcher{}, fmt.Errorf("%w: retry-on has a nil error in its list", kernel.ErrConfig)
		}
		m, err := newMatcher(item)
		if err != nil {
			return matcher{}, err
		}
		matches = append(matches, m.match)
		all.namesCircuitOpen = all.namesCircuitOpen || m.namesCircuitOpen
	}
	all.match = func(err error) bool {
		for _, match := range matches {
			if match(err) {
				return true
			}
		}
		return false
	}
	return all, nil
}

// newErrorMatcher matches by errors.Is. A pointer to an error type with value
// receivers, new(MyError), can only be meant for errors.As, so it matches that
// way too.
func newErrorMatcher(target error) matcher {
	m := matcher{
		match:            func(err error) bool { return errors.Is(err, target) },
		namesCircuitOpen: errors.Is(target, kernel.ErrCircuitOpen),
	}
	if t := reflect.TypeOf(target); isTarget(t) {
		byType := matchType(t.Elem())
		m.match = func(err error) bool { return errors.Is(err, target) || byType(err) }
	}
	return m
}

var errorType = reflect.TypeFor[error]()

// isTarget reports whether errors.As accepts a pointer of type t.
func isTarget(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && (t.Elem().Kind() == reflect.Interface || t.Elem().Implements(errorType))
}

// matchType matches by errors.As, into a variable of its own for every error:
// the user's is only an example of the type.
func matchType(t reflect.Type) func(error) bool {
	return func(err error) bool { return errors.As(err, reflect.New(t).Interface()) }
}
