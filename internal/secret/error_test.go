// SPDX-License-Identifier: Apache-2.0

package secret_test

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/internal/secret"
)

// odd is an error whose text cannot be had.
type odd struct{}

func (*odd) Error() string { panic("no text") }

func TestAnErrorShowsNoURL(t *testing.T) {
	within := func(err error) error { return &url.Error{Op: "Get", URL: "http://host/?token=t0k3n", Err: err} }
	for name, test := range map[string]struct {
		err, want error
	}{
		"none":            {nil, nil},
		"without a URL":   {io.EOF, io.EOF},
		"with one":        {within(io.EOF), io.EOF},
		"with two":        {within(within(io.EOF)), io.EOF},
		"wrapped":         {fmt.Errorf("it failed: %w", within(io.EOF)), io.EOF},
		"without a cause": {within(nil), within(nil)},
		"a nil pointer":   {fmt.Errorf("it failed: %w", errors.Join((*url.Error)(nil), io.EOF)), io.EOF},
		"odd inside":      {within(errors.Join(&odd{}, io.EOF)), io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			got := secret.WithoutURL(test.err)
			if got == nil || test.want == nil {
				if got != test.want {
					t.Fatalf("got %v, want %v", got, test.want)
				}
				return
			}
			if text := got.Error(); strings.Contains(text, "t0k3n") && name != "without a cause" {
				t.Errorf("it says %s", text)
			}
			if !errors.Is(got, test.want) && got.Error() != test.want.Error() {
				t.Errorf("got %v, want %v in it", got, test.want)
			}
		})
	}
}
