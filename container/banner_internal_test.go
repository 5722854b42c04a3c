// SPDX-License-Identifier: Apache-2.0

package container

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestTheVersionIsThatOfThisModule(t *testing.T) {
	ours, other := debug.Module{Path: modulePath, Version: "v1.2.3"}, debug.Module{Path: "example.com/shop", Version: "v9.9.9"}
	replaced := debug.Module{Path: modulePath, Version: "v1.2.3", Replace: &debug.Module{Path: "../pyfly"}}
	forked := debug.Module{Path: modulePath, Version: "v1.2.3", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.2.4"}}
	for name, c := range map[string]struct {
		info *debug.BuildInfo
		want string
	}{
		"a dependency":    {&debug.BuildInfo{Main: other, Deps: []*debug.Module{&other, &ours}}, "v1.2.3"},
		"a folder":        {&debug.BuildInfo{Main: other, Deps: []*debug.Module{&replaced}}, "(devel)"},
		"a fork":          {&debug.BuildInfo{Main: other, Deps: []*debug.Module{&forked}}, "v1.2.4"},
		"the main module": {&debug.BuildInfo{Main: ours}, "v1.2.3"},
		"not told":        {&debug.BuildInfo{Main: other}, "(devel)"},
		"no information":  {nil, "(devel)"},
	} {
		if got := versionIn(c.info); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTheBannerIsShort(t *testing.T) {
	for want, profiles := range map[string][]string{"profiles prod, eu, pid": {"prod", "eu"}, "no profile, pid": nil} {
		text := banner("shop", "v1.2.3", profiles)
		if strings.Count(text, "\n") > 4 || !strings.Contains(text, "PyFly for Go v1.2.3\n") || !strings.Contains(text, want) || !strings.Contains(text, " shop, go") {
			t.Error(text)
		}
	}
}
