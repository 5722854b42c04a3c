// SPDX-License-Identifier: Apache-2.0

package logging_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/logging"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newHandler makes a handler with settings below pyfly.logging, which writes to
// the returned buffer.
func newHandler(t testing.TB, settings map[string]any) (*logging.Handler, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	h, err := logging.New(&out, config.New(map[string]any{"pyfly.logging": settings}))
	if err != nil {
		t.Fatal(err)
	}
	return h, &out
}

func newLogger(t testing.TB, settings map[string]any) (*slog.Logger, *bytes.Buffer) {
	h, out := newHandler(t, settings)
	return slog.New(h), out
}

// one returns the only record of a log in JSON.
func one(t *testing.T, out *bytes.Buffer) map[string]any {
	t.Helper()
	var record map[string]any
	if err := json.Unmarshal(out.Bytes(), &record); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return record
}
