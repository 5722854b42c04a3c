// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// It looks every ten seconds whether there are still connections.
		goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.(*HostClient).connsCleaner"))
}

func TestTheWholeRun(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	want := regexp.MustCompile(`^\d\.\d{3}s  3 of \d+ products in garden:
(\d\.\d{3}s      p-\d+  .+
){3}\d\.\d{3}s  created p-\d+ Cedar Bird House
\d\.\d{3}s  deleted it: inventory-client\.GetProduct: GET http://127\.0\.0\.1:\d+/products/p-\d+: 404 Not Found: .+
\d\.\d{3}s  the service dropped the connection twice: p-1029 came with request 3
\d\.\d{3}s  the service was slow: given up after [1-9]\d0ms
$`)
	if !want.MatchString(out.String()) {
		t.Errorf("got:\n%s\nwant:\n%s", &out, want)
	}
}

func TestItCanBeInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, io.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}
