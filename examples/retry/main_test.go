// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	_ "embed"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

//go:embed testdata/output.txt
var wholeOutput string

// In the virtual time of a synctest bubble the run takes no time, and its
// output is the same every time.
func TestTheWholeRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != wholeOutput {
			t.Errorf("got:\n%s\nwant:\n%s", got, wholeOutput)
		}
		if took := time.Since(begun); took >= 3*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestItCanBeInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(150*time.Millisecond, cancel)
		begun := time.Now()
		err := run(ctx, io.Discard)
		if !errors.Is(err, context.Canceled) || time.Since(begun) != 150*time.Millisecond {
			t.Errorf("%v after %s", err, time.Since(begun))
		}
	})
}
