// SPDX-License-Identifier: Apache-2.0

package port_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client/port"
)

func TestWhatProvesThatNothingWasSent(t *testing.T) {
	dial := &net.OpError{Op: "dial", Err: errors.New("connection refused")}
	dns := &net.DNSError{Err: "no such host"}
	for name, test := range map[string]struct {
		err  error
		want bool
	}{
		"no connection":                         {dial, true},
		"an unknown host":                       {dns, true},
		"no connection to an unknown host":      {&net.OpError{Op: "dial", Err: dns}, true},
		"no connection to a proxy":              {&net.OpError{Op: "proxyconnect", Err: dial}, true},
		"an unknown proxy":                      {&net.OpError{Op: "proxyconnect", Err: dns}, true},
		"no connection, wrapped":                {fmt.Errorf("no token: %w: %w", io.EOF, dial), true},
		"a proxy that was connected to":         {&net.OpError{Op: "proxyconnect", Err: errors.New("tls: handshake failure")}, false},
		"a broken connection":                   {&net.OpError{Op: "read", Err: errors.New("connection reset")}, false},
		"no connection after a redirect":        {&net.OpError{Op: "redirect", Err: dial}, false},
		"a redirect to an unknown host":         {&net.OpError{Op: "redirect", Err: dns}, false},
		"no response":                           {io.EOF, false},
		"a port that has been stopped":          {port.ErrStopped, false},
		"a timeout":                             {port.NewTimeoutError("timeout", time.Second), false},
		"a timeout while connecting":            {&net.OpError{Op: "dial", Err: port.NewTimeoutError("timeout", time.Second)}, true},
		"a stop while connecting":               {&net.OpError{Op: "dial", Err: port.ErrStopped}, true},
		"the last of several, after a redirect": {errors.Join(&net.OpError{Op: "redirect", Err: io.EOF}, dial), false},
	} {
		if got := port.IsNotSent(test.err); got != test.want {
			t.Errorf("%s: %v: %t, want %t", name, test.err, got, test.want)
		}
	}
}

func TestATimeoutErrorNamesTheSetting(t *testing.T) {
	err := fmt.Errorf("it failed: %w", port.NewTimeoutError("total-timeout", 2*time.Second))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error("it is not context.DeadlineExceeded")
	}
	var timeout *port.TimeoutError
	if !errors.As(err, &timeout) || !timeout.Timeout() || timeout.Error() != "no response within the total-timeout of 2s" {
		t.Errorf("got %v", timeout)
	}
}

func TestWhatAContextSaysOfItsRequests(t *testing.T) {
	for name, test := range map[string]struct {
		ctx                         context.Context
		isStreaming, timeoutApplies bool
	}{
		"nothing":    {t.Context(), false, true},
		"a stream":   {port.WithStreaming(t.Context()), true, true},
		"no timeout": {port.WithoutTimeout(t.Context()), false, false},
		"both":       {port.WithoutTimeout(port.WithStreaming(t.Context())), true, false},
	} {
		ctx, cancel := context.WithCancel(test.ctx) // requests may have derived contexts
		cancel()
		if got := port.IsStreaming(ctx); got != test.isStreaming {
			t.Errorf("%s: streaming: %t", name, got)
		}
		if got := port.TimeoutApplies(ctx); got != test.timeoutApplies {
			t.Errorf("%s: the timeout applies: %t", name, got)
		}
	}
}

// TestAnAdapterNeedsNoOtherLibrary: who writes an adapter gets neither dig nor
// koanf nor OpenTelemetry by importing this package.
func TestAnAdapterNeedsNoOtherLibrary(t *testing.T) {
	const format = "{{if not .Standard}}{{.ImportPath}}{{end}}"
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", format, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	allowed := map[string]bool{
		"github.com/pyfly-go/pyfly/client/port": true,
		"github.com/pyfly-go/pyfly/kernel":      true,
	}
	for _, path := range strings.Fields(string(out)) {
		if !allowed[path] {
			t.Errorf("it depends on %s", path)
		}
	}
}

func TestTheInstanceOfARequest(t *testing.T) {
	if _, ok := port.InstanceOf(t.Context()); ok {
		t.Error("there is none")
	}
	type key struct{}
	ctx := port.WithInstance(context.WithValue(t.Context(), key{}, 1), "a:80")
	ctx, cancel := context.WithCancel(port.WithStreaming(ctx))
	defer cancel()
	if address, ok := port.InstanceOf(ctx); !ok || address != "a:80" || ctx.Value(key{}) != 1 || !port.IsStreaming(ctx) {
		t.Errorf("got %q, %t", address, ok)
	}
}
