// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

type colour int

func (c colour) String() string { return [...]string{"red", "green"}[c] }

type fails struct{}

func (fails) MarshalText() ([]byte, error) { return nil, errors.New("no text today") }

// TestHowArgumentsAreWritten sends one query parameter of every type.
func TestHowArgumentsAreWritten(t *testing.T) {
	type formats struct {
		client.HttpClient `url:"http://x"`
		String            func(ctx context.Context, v string) error        `get:"/x{?v}"`
		Int               func(ctx context.Context, v int8) error          `get:"/x{?v}"`
		Uint              func(ctx context.Context, v uint64) error        `get:"/x{?v}"`
		Float32           func(ctx context.Context, v float32) error       `get:"/x{?v}"`
		Float64           func(ctx context.Context, v float64) error       `get:"/x{?v}"`
		Bool              func(ctx context.Context, v bool) error          `get:"/x{?v}"`
		Time              func(ctx context.Context, v time.Time) error     `get:"/x{?v}"`
		TimePointer       func(ctx context.Context, v *time.Time) error    `get:"/x{?v}"`
		Duration          func(ctx context.Context, v time.Duration) error `get:"/x{?v}"`
		Addr              func(ctx context.Context, v netip.Addr) error    `get:"/x{?v}"`
		Enum              func(ctx context.Context, v colour) error        `get:"/x{?v}"`
		EnumPointer       func(ctx context.Context, v *colour) error       `get:"/x{?v}"`
		Strings           func(ctx context.Context, v []string) error      `get:"/x{?v}"`
		Pointers          func(ctx context.Context, v []*int) error        `get:"/x{?v}"`
		Fails             func(ctx context.Context, v fails) error         `get:"/x{?v}"`
	}
	ctx, green, seven := context.Background(), colour(1), 7
	noon := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	cases := map[string]struct {
		call func(c *formats) error
		want string
	}{
		"a string":                {func(c *formats) error { return c.String(ctx, "a b") }, "v=a%20b"},
		"an empty string":         {func(c *formats) error { return c.String(ctx, "") }, "v="},
		"an int":                  {func(c *formats) error { return c.Int(ctx, -8) }, "v=-8"},
		"a uint":                  {func(c *formats) error { return c.Uint(ctx, math.MaxUint64) }, "v=18446744073709551615"},
		"a float32":               {func(c *formats) error { return c.Float32(ctx, 0.1) }, "v=0.1"},
		"a float64":               {func(c *formats) error { return c.Float64(ctx, 1e21) }, "v=1000000000000000000000"},
		"a bool":                  {func(c *formats) error { return c.Bool(ctx, false) }, "v=false"},
		"a time":                  {func(c *formats) error { return c.Time(ctx, noon) }, "v=2026-11-23T12%3A00%3A00Z"},
		"a pointer to a time":     {func(c *formats) error { return c.TimePointer(ctx, &noon) }, "v=2026-11-23T12%3A00%3A00Z"},
		"a nil pointer to one":    {func(c *formats) error { return c.TimePointer(ctx, nil) }, ""},
		"a duration":              {func(c *formats) error { return c.Duration(ctx, time.Minute) }, "v=1m0s"},
		"a TextMarshaler":         {func(c *formats) error { return c.Addr(ctx, netip.MustParseAddr("::1")) }, "v=%3A%3A1"},
		"a Stringer":              {func(c *formats) error { return c.Enum(ctx, green) }, "v=green"},
		"a pointer to one":        {func(c *formats) error { return c.EnumPointer(ctx, &green) }, "v=green"},
		"a nil Stringer":          {func(c *formats) error { return c.EnumPointer(ctx, nil) }, ""},
		"a list":                  {func(c *formats) error { return c.Strings(ctx, []string{"a", "b,c"}) }, "v=a,b%2Cc"},
		"a list with nil in it":   {func(c *formats) error { return c.Pointers(ctx, []*int{&seven, nil, &seven}) }, "v=7,7"},
		"a list of nil alone":     {func(c *formats) error { return c.Pointers(ctx, []*int{nil}) }, ""},
		"an infinite number":      {func(c *formats) error { return c.Float64(ctx, math.Inf(1)) }, "refused"},
		"a TextMarshaler's error": {func(c *formats) error { return c.Fails(ctx, fails{}) }, "refused"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			port := newScript(t, status(200))
			err := c.call(wire[formats](t, nil, port))
			if c.want == "refused" {
				if !errors.Is(err, client.ErrInvalidRequest) || len(port.asked) != 0 {
					t.Errorf("%v, %d requests", err, len(port.asked))
				}
				return
			}
			if err != nil || port.asked[0].URL.RawQuery != c.want {
				t.Errorf("sent %q, want %q; %v", port.asked[0].URL.RawQuery, c.want, err)
			}
		})
	}
}
