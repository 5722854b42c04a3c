// SPDX-License-Identifier: Apache-2.0

package usercode_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/internal/usercode"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// odd is an error each method of which does what its function does.
type odd struct {
	text   func() string
	is     func(error) bool
	as     func(any) bool
	unwrap func() error
}

func (e *odd) Error() string        { return e.text() }
func (e *odd) Is(target error) bool { return e.is(target) }
func (e *odd) As(target any) bool   { return e.as(target) }
func (e *odd) Unwrap() error        { return e.unwrap() }

// sound returns an odd error that behaves.
func sound() *odd {
	return &odd{
		text: func() string { return "odd" }, is: func(error) bool { return false },
		as: func(any) bool { return false }, unwrap: func() error { return io.EOF },
	}
}

// bad returns an odd error, the named method of which calls fail.
func bad(method string, fail func()) *odd {
	e := sound()
	switch method {
	case "Error":
		e.text = func() string { fail(); return "" }
	case "Is":
		e.is = func(error) bool { fail(); return false }
	case "As":
		e.as = func(any) bool { fail(); return false }
	case "Unwrap":
		e.unwrap = func() error { fail(); return nil }
	}
	return e
}

var methods = []string{"Error", "Is", "As", "Unwrap"}

// use does with an error what anyone may do with it.
func use(err error) {
	_ = err.Error()
	_ = fmt.Sprintf("%v %+v %s %q", err, err, err, err)
	_ = errors.Is(err, context.Canceled)
	var none *fs.PathError
	_ = errors.As(err, &none)
	_ = errors.Unwrap(err)
}

func TestErrorsWhoseMethodsFailAreReplaced(t *testing.T) {
	ends := map[string]func(){
		"panicked: boom": func() { panic("boom") },
		"panicked: runtime error: index out of range": func() { _ = []int{}[len(methods)] },
		"called runtime.Goexit":                       runtime.Goexit,
	}
	wrappers := map[string]func(error) error{
		"alone":   func(err error) error { return err },
		"wrapped": func(err error) error { return fmt.Errorf("outer: %w", err) },
		"joined":  func(err error) error { return errors.Join(fs.ErrExist, err) },
		"deep":    func(err error) error { return fmt.Errorf("outer: %w", errors.Join(err, fs.ErrExist)) },
		"panic":   func(err error) error { return kernel.NewPanicError(err) },
	}
	for _, method := range methods {
		for how, end := range ends {
			for where, wrap := range wrappers {
				if where != "alone" && method == "Error" && strings.Contains(how, "Goexit") {
					continue // fmt.Errorf and errors.Join themselves call Error
				}
				t.Run(method+" "+how+" "+where, func(t *testing.T) {
					cause := bad(method, end)
					err := usercode.Error(wrap(cause))
					use(err)
					if want := "*usercode_test.odd: its " + method + " method " + how; !strings.Contains(err.Error(), want) {
						t.Errorf("text %q, want it to contain %q", err, want)
					}
					if !errors.Is(err, cause) {
						t.Error("errors.Is does not find the error itself")
					}
					var found *odd
					if !errors.As(err, &found) || found != cause {
						t.Error("errors.As does not find the error itself")
					}
					if method != "Unwrap" && !errors.Is(err, io.EOF) {
						t.Error("errors.Is does not find what the error wraps")
					}
					if isJoined := where == "joined" || where == "deep"; isJoined && !errors.Is(err, fs.ErrExist) {
						t.Error("errors.Is does not find the error beside it")
					}
				})
			}
		}
	}
}

// code is an error that cannot be a nil pointer.
type code struct{ number int }

func (c *code) Error() string { return fmt.Sprint("code ", c.number) }
func (c *code) Is(target error) bool {
	other, ok := target.(*code)
	return ok && other.number == c.number
}

// marker is an error that can.
type marker struct{}

func (*marker) Error() string { return "marker" }

func TestNilPointersAreReplaced(t *testing.T) {
	cases := map[string]struct {
		err  error
		text string // its beginning
	}{
		"Error needs the receiver":         {(*code)(nil), "*usercode_test.code (nil): its Error method panicked: runtime error: invalid memory address or nil pointer dereference at "},
		"Error does not need the receiver": {(*marker)(nil), "marker (*usercode_test.marker is a nil pointer)"},
		"wrapped":                          {fmt.Errorf("outer: %w", (*code)(nil)), "outer: <nil> (*usercode_test.code (nil): its Error method panicked: "},
		"joined":                           {errors.Join(io.EOF, (*code)(nil)), "EOF\n*usercode_test.code (nil): its Error method panicked: "},
		"of this project":                  {(*kernel.PanicError)(nil), "*kernel.PanicError (nil): its Error method panicked: "},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := usercode.Error(c.err)
			use(err)
			if !strings.HasPrefix(err.Error(), c.text) {
				t.Errorf("text %q, want it to begin with %q", err, c.text)
			}
			if errors.Is(err, &code{1}) {
				t.Error("errors.Is finds an error that is not there")
			}
		})
	}
	if found, ok := usercode.As[*code](usercode.Error((*code)(nil))); ok {
		t.Errorf("usercode.As finds %v", found)
	}
}

// wrapper is an error that says no more than what it wraps.
type wrapper struct{ inner error }

func (w *wrapper) Error() string { return "wrapper: " + w.inner.Error() }
func (w *wrapper) Unwrap() error { return w.inner }

func TestTextsTellWhoseMethodFails(t *testing.T) {
	for name, c := range map[string]struct{ err, want error }{
		"a wrapper of one": {&wrapper{bad("Error", func() { panic("boom") })}, errors.New("*usercode_test.odd: its Error method panicked: boom")},
		"one that wraps":   {bad("Error", func() { panic("boom") }), errors.New("; it wraps: EOF")},
		"with itself":      {panickingWithItself{}, errors.New("usercode_test.panickingWithItself: its Error method panicked: usercode_test.panickingWithItself at ")},
	} {
		if text := usercode.Error(c.err).Error(); !strings.Contains(text, c.want.Error()) || strings.Contains(text, "usercode_test.wrapper:") {
			t.Errorf("%s: text %q, want it to contain %q", name, text, c.want)
		}
	}
}

type panickingWithItself struct{}

func (p panickingWithItself) Error() string { panic(p) }

func TestEndlessErrorsAreCut(t *testing.T) {
	circle := sound()
	circle.unwrap = func() error { return circle }
	for name, err := range map[string]error{"one": circle, "several": endlessList{}} {
		guarded := usercode.Error(err)
		use(guarded)
		if !strings.Contains(guarded.Error(), "it wraps more than") {
			t.Errorf("%s: text %q", name, guarded)
		}
	}
}

type endlessList struct{}

func (endlessList) Error() string   { return "list" }
func (endlessList) Unwrap() []error { return []error{endlessList{}, nil, endlessList{}} }

func TestErrorsWhoseMethodsReturnAreKept(t *testing.T) {
	for _, err := range []error{
		nil, io.EOF, fmt.Errorf("outer: %w", io.EOF), errors.Join(io.EOF, fs.ErrExist), sound(), &code{1}, kernel.NewPanicError("boom"), list{io.EOF, nil},
	} {
		if got := usercode.Error(err); fmt.Sprintf("%T %v", got, got) != fmt.Sprintf("%T %v", err, err) {
			t.Errorf("%T has become a %T", err, got)
		}
	}
}

// list is an error that cannot be compared.
type list []error

func (l list) Error() string   { return fmt.Sprint([]error(l)) }
func (l list) Unwrap() []error { return l }

func TestErrorsThatCannotBeComparedAreFound(t *testing.T) {
	err := usercode.Error(list{io.EOF, (*code)(nil)})
	use(err)
	if !errors.Is(err, io.EOF) || errors.Is(err, list{}) {
		t.Error(err)
	}
	if found, ok := usercode.As[list](err); !ok || len(found) != 2 {
		t.Errorf("usercode.As finds %v", found)
	}
}

func TestCallReturnsPanicsAsErrors(t *testing.T) {
	for name, value := range map[string]any{
		"a text": "boom", "an error": io.EOF, "a bad error": bad("Unwrap", func() { panic("boom") }),
		"a nil error": (*code)(nil), "an error that panics with itself": panickingWithItself{},
	} {
		err := usercode.Call(func() error { panic(value) })
		use(err)
		panicked, ok := usercode.As[*kernel.PanicError](err)
		if !ok || panicked.Value != value {
			t.Fatalf("%s: %v", name, err)
		}
		if len(panicked.Frames) == 0 || !strings.Contains(panicked.Frames[0], "usercode_test.go") {
			t.Errorf("%s: frames %q", name, panicked.Frames)
		}
	}
}

func TestTextOfAnyValue(t *testing.T) {
	for want, value := range map[string]any{
		"boom": "boom", "<nil>": nil, "EOF": io.EOF, "7": 7,
		"usercode_test.stringer": stringer{},
	} {
		if got := usercode.Text(value); got != want {
			t.Errorf("text of a %T is %q, want %q", value, got, want)
		}
	}
}

type stringer struct{}

func (s stringer) String() string { panic(s) }
