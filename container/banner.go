// SPDX-License-Identifier: Apache-2.0

package container

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/pyfly-go/pyfly/config"
)

// bannerKey is the setting that turns the banner off.
const bannerKey = "pyfly.banner.mode"

func wantsBanner(cfg *config.Config) (bool, error) {
	mode, isSet, err := config.Value[string](cfg, bannerKey)
	switch strings.ToLower(strings.TrimSpace(mode)) {
	case "text":
		return true, err
	case "off":
		return false, err
	}
	if err == nil && isSet {
		err = cfg.Errorf(bannerKey, "write text or off")
	}
	return err == nil, err
}

// modulePath is how a program's build information calls this project.
const modulePath = "github.com/pyfly-go/pyfly"

// tellStart says what starts: by a banner in a log of text, by a record in one
// of JSON.
func (l *ownLog) tellStart(app *ApplicationContext) {
	if wanted, err := wantsBanner(app.config); !wanted || err != nil {
		return
	}
	info, _ := debug.ReadBuildInfo()
	version, profiles := versionIn(info), append([]string{}, app.profiles()...)
	if !l.handler.IsText() {
		app.guarded.Info("application context starting", "application", app.Name(), "version", version, "go", runtime.Version(), "profiles", profiles, "pid", os.Getpid())
		return
	}
	if l.handler.LevelOf(modulePath+"/container") <= slog.LevelInfo {
		_, _ = io.WriteString(l.out, banner(app.Name(), version, profiles)) // as with a log: there is nobody to tell
	}
}

// banner is what is written when an application starts.
func banner(application, version string, profiles []string) string {
	active := "no profile"
	if len(profiles) > 0 {
		active = "profiles " + strings.Join(profiles, ", ")
	}
	return fmt.Sprintf(`    __|__
--o--(_)--o--  PyFly for Go %s
               %s, %s, %s, pid %d

`, version, application, runtime.Version(), active, os.Getpid())
}

// versionIn returns the version of this project in a program.
func versionIn(info *debug.BuildInfo) string {
	version := ""
	for _, module := range modulesOf(info) {
		if module.Path != modulePath {
			continue
		}
		version = module.Version
		if module.Replace != nil {
			version = module.Replace.Version
		}
	}
	return cmp.Or(version, "(devel)")
}

func modulesOf(info *debug.BuildInfo) []*debug.Module {
	if info == nil {
		return nil
	}
	return append([]*debug.Module{&info.Main}, info.Deps...)
}
