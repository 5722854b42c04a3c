// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/module"
	"golang.org/x/mod/sumdb/dirhash"
	"golang.org/x/mod/zip"
)

// Proxy is a folder that serves modules to the go command, as GOPROXY=file://...
type Proxy string

// Add packs a module as a tag at the revision would publish it, and returns its
// checksums.
func (p Proxy) Add(repo Repository, revision string, m *Module, version string) (sums, error) {
	escaped, err := module.EscapePath(m.Path)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(string(p), filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	base := filepath.Join(folder, version)
	packed := module.Version{Path: m.Path, Version: version}
	if err := pack(base+".zip", packed, repo, revision, m.Dir); err != nil {
		return nil, err
	}
	mod, err := os.ReadFile(filepath.Join(string(repo), filepath.FromSlash(m.Dir), "go.mod"))
	if err != nil {
		return nil, err
	}
	info, err := json.Marshal(map[string]any{"Version": version, "Time": time.Now().UTC().Truncate(time.Second)})
	if err != nil {
		return nil, err
	}
	err = errors.Join(
		os.WriteFile(base+".mod", mod, 0o644),
		os.WriteFile(base+".info", info, 0o644),
		os.WriteFile(filepath.Join(folder, "list"), []byte(version+"\n"), 0o644),
	)
	if err != nil {
		return nil, err
	}
	return sumsOf(packed, base+".zip", mod)
}

func pack(name string, m module.Version, repo Repository, revision, dir string) error {
	if dir == "." {
		dir = ""
	}
	out, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(zip.CreateFromVCS(out, m, string(repo), revision, dir), out.Close())
}

func sumsOf(m module.Version, zipFile string, mod []byte) (sums, error) {
	zipHash, err := dirhash.HashZip(zipFile, dirhash.Hash1)
	if err != nil {
		return nil, err
	}
	modHash, err := dirhash.Hash1([]string{"go.mod"}, func(string) (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader(string(mod))), nil
	})
	if err != nil {
		return nil, err
	}
	return sums{m: zipHash, {Path: m.Path, Version: m.Version + "/go.mod"}: modHash}, nil
}

// Env returns the environment of a go command that finds the published modules
// in the proxy and all others where it finds them now. It keeps modules in a
// cache of its own, from which the published ones are removed: their content
// differs from run to run, which that of a version must not.
func (p Proxy) Env(w *Workspace, cache string) ([]string, error) {
	settings, err := goEnv("GOMODCACHE", "GOPROXY", "GONOSUMDB")
	if err != nil {
		return nil, err
	}
	if err := forget(w, cache); err != nil {
		return nil, err
	}
	paths := settings["GONOSUMDB"]
	for _, m := range w.Published() {
		paths = strings.TrimPrefix(paths+","+m.Path, ",")
	}
	return append(os.Environ(),
		"GOWORK=off",
		"GOFLAGS=-modcacherw",
		"GOMODCACHE="+cache,
		"GODEBUG=goindex=0", // the go command remembers the imports of cached modules for good
		"GOPROXY=file://"+filepath.ToSlash(string(p))+",file://"+filepath.ToSlash(settings["GOMODCACHE"])+"/cache/download,"+settings["GOPROXY"],
		"GOPRIVATE=", "GONOPROXY=none", "GONOSUMDB="+paths, // the checksum database does not know them yet
	), nil
}

// forget removes the published modules from a module cache.
func forget(w *Workspace, cache string) error {
	for _, m := range w.Published() {
		escaped, err := module.EscapePath(m.Path)
		if err != nil {
			return err
		}
		unpacked, err := filepath.Glob(filepath.Join(cache, filepath.FromSlash(escaped)) + "@*")
		if err != nil {
			return err
		}
		for _, folder := range append(unpacked, filepath.Join(cache, "cache", "download", filepath.FromSlash(escaped))) {
			if err := os.RemoveAll(folder); err != nil {
				return err
			}
		}
	}
	return nil
}

// goEnv returns settings of the go command.
func goEnv(names ...string) (map[string]string, error) {
	out, err := exec.Command("go", append([]string{"env", "-json"}, names...)...).Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	settings := map[string]string{}
	return settings, json.Unmarshal(out, &settings)
}
