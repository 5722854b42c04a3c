// SPDX-License-Identifier: Apache-2.0

package goroutines_test

import (
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/internal/goroutines"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func standStill(ready chan<- struct{}, release <-chan struct{}) {
	ready <- struct{}{}
	<-release
}

func TestALabelledGoroutineAndThoseItStartsAreFoundWithTheirStacks(t *testing.T) {
	ready, release := make(chan struct{}), make(chan struct{})
	done := make(chan struct{}, 2)
	go func() {
		goroutines.Label(goroutines.Bean, `a "quoted" name`, goroutines.Hook, "Start")
		go func() { standStill(ready, release); done <- struct{}{} }()
		standStill(ready, release)
		done <- struct{}{}
	}()
	<-ready
	<-ready
	never := func(string) bool { return false }
	stacks := goroutines.Find(never, goroutines.Bean, `a "quoted" name`, goroutines.Hook, "Start")
	others := goroutines.Find(never, goroutines.Bean, `a "quoted" name`, goroutines.Hook, "Stop")
	own := func(function string) bool { return strings.Contains(function, "TestALabelled") }
	short := goroutines.Find(own, goroutines.Bean, `a "quoted" name`)
	close(release)
	<-done
	<-done

	if len(stacks) != 2 || len(others) != 0 {
		t.Fatalf("found %d and %d goroutines, want 2 and none", len(stacks), len(others))
	}
	for _, stack := range stacks {
		if !strings.Contains(stack[0], "goroutines_test.standStill (goroutines/goroutines_test.go:") {
			t.Errorf("the innermost frame is %q", stack[0])
		}
	}
	for _, stack := range short {
		if len(stack) != 1 {
			t.Errorf("frames that should be skipped are there: %q", stack)
		}
	}
}

func TestNumberTellsGoroutinesApart(t *testing.T) {
	own, other := goroutines.Number(), make(chan uint64)
	go func() { other <- goroutines.Number() }()
	if n := <-other; own == 0 || n == 0 || n == own || own != goroutines.Number() {
		t.Errorf("numbers %d and %d", own, n)
	}
}
