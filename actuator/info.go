// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"cmp"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// info describes the program.
type info struct {
	App     appInfo           `json:"app"`
	Build   buildInfo         `json:"build"`
	Go      goInfo            `json:"go"`
	Process processInfo       `json:"process"`
	More    map[string]string `json:"info,omitempty"` // the settings below info
}

type appInfo struct {
	Name     string   `json:"name"`
	Profiles []string `json:"profiles"`
}

type buildInfo struct {
	Module   string `json:"module,omitempty"`
	Version  string `json:"version,omitempty"`
	Revision string `json:"revision,omitempty"`
	Time     string `json:"time,omitempty"`
	PyFly    string `json:"pyfly,omitempty"` // its version
}

type goInfo struct {
	Version string `json:"version"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

type processInfo struct {
	PID           int       `json:"pid"`
	CPUs          int       `json:"cpus"`
	StartTime     time.Time `json:"startTime"` // of the application context
	UptimeSeconds float64   `json:"uptimeSeconds"`
	Goroutines    int       `json:"goroutines"`
}

func infoOf(app *container.ApplicationContext, cfg *config.Config, now time.Time) info {
	begun := app.Report().Begun
	i := info{
		App:   appInfo{app.Name(), append([]string{}, cfg.Profiles()...)},
		Build: readBuildInfo(),
		Go:    goInfo{runtime.Version(), runtime.GOOS, runtime.GOARCH},
		Process: processInfo{
			PID: os.Getpid(), CPUs: runtime.GOMAXPROCS(0), StartTime: begun, Goroutines: runtime.NumGoroutine(),
			UptimeSeconds: now.Sub(begun).Seconds(),
		},
		More: map[string]string{},
	}
	for _, e := range cfg.Entries("info") {
		i.More[strings.TrimPrefix(e.Key, "info.")] = e.Value
	}
	return i
}

const pyflyModule = "github.com/pyfly-go/pyfly"

func readBuildInfo() (b buildInfo) {
	read, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	b.Module, b.Version = read.Main.Path, read.Main.Version
	for _, s := range read.Settings {
		switch s.Key {
		case "vcs.revision":
			b.Revision = s.Value
		case "vcs.time":
			b.Time = s.Value
		}
	}
	b.PyFly = pyflyVersion(read)
	return b
}

// pyflyVersion returns the version that the application's banner shows: the
// version of the module in the program, or "(devel)" if it has none.
func pyflyVersion(read *debug.BuildInfo) string {
	version := ""
	for _, m := range append([]*debug.Module{&read.Main}, read.Deps...) {
		if m.Path != pyflyModule {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		version = m.Version
	}
	return cmp.Or(version, "(devel)")
}
