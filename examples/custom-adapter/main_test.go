// SPDX-License-Identifier: Apache-2.0

package main

import (
	"regexp"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client/clienttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestTheAdapterIsAPort(t *testing.T) { clienttest.RunPortSuite(t, newAdapter) }

func TestTheExampleShowsWhatItPromises(t *testing.T) {
	var out strings.Builder
	if err := run(t.Context(), &out); err != nil {
		t.Fatal(err)
	}
	want := `by resty, through HttpClientPort:\n(  p-\d+  .* EUR\n){3}and with the same errors: true\n`
	if !regexp.MustCompile(want).MatchString(out.String()) {
		t.Errorf("the output does not match %s:\n%s", want, out.String())
	}
}
