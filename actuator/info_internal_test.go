// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"runtime/debug"
	"testing"
)

func TestInfoTellsTheVersionOfPyFly(t *testing.T) {
	t.Parallel()
	shop, ours := debug.Module{Path: "example.com/shop", Version: "v9.9.9"}, debug.Module{Path: pyflyModule, Version: "v1.2.3"}
	replaced := func(by debug.Module) *debug.Module {
		return &debug.Module{Path: pyflyModule, Version: "v1.2.3", Replace: &by}
	}
	for name, c := range map[string]struct {
		info debug.BuildInfo
		want string
	}{
		"a dependency":    {debug.BuildInfo{Main: shop, Deps: []*debug.Module{&shop, &ours}}, "v1.2.3"},
		"a folder":        {debug.BuildInfo{Main: shop, Deps: []*debug.Module{replaced(debug.Module{Path: "../pyfly"})}}, "(devel)"},
		"a fork":          {debug.BuildInfo{Main: shop, Deps: []*debug.Module{replaced(debug.Module{Path: "example.com/fork", Version: "v1.2.4"})}}, "v1.2.4"},
		"the main module": {debug.BuildInfo{Main: ours}, "v1.2.3"},
		"not told":        {debug.BuildInfo{Main: shop}, "(devel)"},
	} {
		if got := pyflyVersion(&c.info); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
