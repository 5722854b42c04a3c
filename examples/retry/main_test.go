// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
)

const want = `
A service that recovers
  0.000s  attempt 1: service unavailable; again in 100ms
  0.100s  attempt 2: service unavailable; again in 200ms
  0.300s  attempt 3: service unavailable; again in 400ms
  0.700s  result: <nil>

An error that is not worth another attempt
  0.000s  result: no such order

A service that asks to wait
  0.000s  attempt 1: too many requests; again in 400ms
  0.400s  result: <nil>

A deadline that the next delay would outlast
  0.000s  attempt 1: service unavailable; again in 100ms
  0.100s  result: service unavailable, not waited for

A budget for all calls of a service
  0.000s  50 calls that fail made 60 attempts, not 200
`

func TestTheExampleShowsWhatItPromises(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		if err := run(t.Context(), &out); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("got\n%s\nwant\n%s", out.String(), want)
		}
	})
}

func TestTheExampleEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := run(ctx, &strings.Builder{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
