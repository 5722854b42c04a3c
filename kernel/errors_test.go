// SPDX-License-Identifier: Apache-2.0

package kernel_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/kernel"
)

func TestNotWiredErrorIsFoundByPointerAndByValue(t *testing.T) {
	err := fmt.Errorf("loading: %w", &kernel.NotWiredError{Client: "InventoryClient", Method: "GetProduct"})

	var pointer *kernel.NotWiredError
	if !errors.As(err, &pointer) || pointer.Method != "GetProduct" {
		t.Errorf("errors.As to *NotWiredError: %+v", pointer)
	}
	var value kernel.NotWiredError
	if !errors.As(err, &value) || value.Client != "InventoryClient" {
		t.Errorf("errors.As to NotWiredError: %+v", value)
	}
	const want = "InventoryClient.GetProduct has not been wired by HttpClientBeanPostProcessor. " +
		"Make sure the ApplicationContext is started."
	if pointer.Error() != want {
		t.Errorf("text = %q, want %q", pointer.Error(), want)
	}
}

func TestPanicErrorNamesTheUsersFrameFirst(t *testing.T) {
	cause := errors.New("no database")
	err := recovered(func() { explode(cause) })

	if len(err.Frames) == 0 || !strings.Contains(err.Frames[0], "explode") {
		t.Fatalf("first frame is not the function that panicked: %q", err.Frames)
	}
	for _, frame := range err.Frames {
		if strings.HasPrefix(frame, "runtime.") {
			t.Errorf("a frame of the run time is shown: %s", frame)
		}
	}
	if !errors.Is(err, cause) {
		t.Error("the error that was panicked with cannot be found by errors.Is")
	}
	if !strings.HasPrefix(err.Error(), "panic: no database at ") {
		t.Errorf("text = %q", err.Error())
	}
}

func TestPanicErrorOfAValueThatIsNoError(t *testing.T) {
	err := recovered(func() { panic("plain text") })
	if err.Unwrap() != nil || !strings.Contains(err.Error(), "plain text") {
		t.Errorf("got %v, unwraps to %v", err, err.Unwrap())
	}
}

// selfish panics with itself when it is printed.
type selfish struct{}

func (s selfish) Error() string { panic(s) }

func TestPanicErrorOfAValueThatCannotBePrinted(t *testing.T) {
	err := recovered(func() { panic(selfish{}) })
	if want := "panic: a kernel_test.selfish, whose methods panic at "; !strings.HasPrefix(err.Error(), want) {
		t.Errorf("text = %q, want it to begin with %q", err, want)
	}
}

func explode(err error) { panic(err) }

func recovered(fn func()) (err *kernel.PanicError) {
	defer func() { err = kernel.NewPanicError(recover()) }()
	fn()
	return nil
}
