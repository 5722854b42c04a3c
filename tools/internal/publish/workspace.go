// SPDX-License-Identifier: Apache-2.0

// Package publish knows which modules of the repository are published, and
// turns a copy of it into what the tags of a release would publish.
package publish

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/semver"
)

// Workspace is what the go.work in a folder lists.
type Workspace struct {
	Root    string
	Modules []*Module // a module stands after those that it requires
	Version string    // of the published modules, in development: that of the last release, or of the first
}

// Module is one that go.work uses.
type Module struct {
	Dir       string // below the root, with slashes; "." is the root's own
	Path      string
	Published bool     // go.work replaces it, because other modules require it by version
	Requires  []string // the paths of the published modules that it requires
	Replaces  bool     // its go.mod has a replace directive
}

// Open reads the go.work in root, and the go.mod of each module in it.
func Open(root string) (*Workspace, error) {
	work, err := readWork(root)
	if err != nil {
		return nil, err
	}
	w := &Workspace{Root: root}
	published := map[string]string{} // dir to path
	for _, r := range work.Replace {
		if !semver.IsValid(r.Old.Version) {
			return nil, fmt.Errorf("go.work: the replacement of %s must name a version", r.Old.Path)
		}
		if w.Version != "" && w.Version != r.Old.Version {
			return nil, fmt.Errorf("go.work: the replacements must name one version, not %s and %s", w.Version, r.Old.Version)
		}
		w.Version = r.Old.Version
		published[clean(r.New.Path)] = r.Old.Path
	}
	for _, use := range work.Use {
		m, err := openModule(root, clean(use.Path), published)
		if err != nil {
			return nil, err
		}
		w.Modules = append(w.Modules, m)
	}
	for dir, path := range published {
		if !slices.ContainsFunc(w.Modules, func(m *Module) bool { return m.Dir == dir && m.Path == path }) {
			return nil, fmt.Errorf("go.work: %s is replaced by %s, but no module of this path is used from there", path, dir)
		}
	}
	return w, w.sort()
}

// clean gives a folder of go.work the form of Module.Dir.
func clean(dir string) string { return filepath.ToSlash(filepath.Clean(dir)) }

func readWork(root string) (*modfile.WorkFile, error) {
	name := filepath.Join(root, "go.work")
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return modfile.ParseWork(name, text, nil)
}

func openModule(root, dir string, published map[string]string) (*Module, error) {
	name := filepath.Join(root, dir, "go.mod")
	f, err := readMod(name)
	if err != nil {
		return nil, err
	}
	_, isPublished := published[dir]
	m := &Module{Dir: dir, Path: f.Module.Mod.Path, Published: isPublished, Replaces: len(f.Replace) > 0}
	for _, path := range published {
		if slices.ContainsFunc(f.Require, func(r *modfile.Require) bool { return r.Mod.Path == path }) {
			m.Requires = append(m.Requires, path)
		}
	}
	slices.Sort(m.Requires)
	return m, nil
}

func readMod(name string) (*modfile.File, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return modfile.Parse(name, text, nil)
}

// sort puts each module after those that it requires.
func (w *Workspace) sort() error {
	var sorted []*Module
	done := map[string]bool{}
	for len(sorted) < len(w.Modules) {
		before := len(sorted)
		for _, m := range w.Modules {
			if !done[m.Path] && !slices.ContainsFunc(m.Requires, func(path string) bool { return !done[path] }) {
				sorted = append(sorted, m)
				done[m.Path] = true
			}
		}
		if len(sorted) == before {
			return fmt.Errorf("go.work: some of the published modules require each other, so that none can be released first")
		}
	}
	w.Modules = sorted
	return nil
}

// Published returns the modules that users import.
func (w *Workspace) Published() []*Module {
	return slices.DeleteFunc(slices.Clone(w.Modules), func(m *Module) bool { return !m.Published })
}

// Folder returns the folder of a module.
func (w *Workspace) Folder(m *Module) string { return filepath.Join(w.Root, filepath.FromSlash(m.Dir)) }

// Tag returns the name of the tag that publishes a version of the module.
func (m *Module) Tag(version string) string {
	if m.Dir == "." {
		return version
	}
	return m.Dir + "/" + version
}

// SetVersion makes go.work, the go.mod of every module and the guides name
// another version of the published modules.
func (w *Workspace) SetVersion(version string) error {
	work, err := readWork(w.Root)
	if err != nil {
		return err
	}
	for _, r := range work.Replace {
		for i, token := range r.Syntax.Token {
			if token == r.Old.Version {
				r.Syntax.Token[i] = version
			}
		}
	}
	if err := os.WriteFile(filepath.Join(w.Root, "go.work"), modfile.Format(work.Syntax), 0o644); err != nil {
		return err
	}
	for _, m := range w.Modules {
		versions := map[string]string{}
		for _, path := range m.Requires {
			versions[path] = version
		}
		if err := w.Require(m, versions); err != nil {
			return err
		}
	}
	w.Version = version
	return w.mentionVersion(version)
}

// Require sets the versions of what the go.mod of a module requires, by path.
func (w *Workspace) Require(m *Module, versions map[string]string) error {
	name := filepath.Join(w.Folder(m), "go.mod")
	f, err := readMod(name)
	if err != nil {
		return err
	}
	for path, version := range versions {
		if err := f.AddRequire(path, version); err != nil {
			return err
		}
	}
	text, err := f.Format()
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

// Requirements returns the versions of what the go.mod of a module requires, by
// path.
func (w *Workspace) Requirements(m *Module) (map[string]string, error) {
	f, err := readMod(filepath.Join(w.Folder(m), "go.mod"))
	if err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for _, r := range f.Require {
		versions[r.Mod.Path] = r.Mod.Version
	}
	return versions, nil
}

// isPublished reports whether a path is that of a published module.
func (w *Workspace) isPublished(path string) bool {
	return slices.ContainsFunc(w.Modules, func(m *Module) bool { return m.Published && m.Path == path })
}

// GoVersion returns the oldest Go release that the published modules support.
func (w *Workspace) GoVersion() (string, error) {
	oldest := ""
	for _, m := range w.Published() {
		f, err := readMod(filepath.Join(w.Folder(m), "go.mod"))
		if err != nil {
			return "", err
		}
		if f.Go == nil || oldest != "" && f.Go.Version != oldest {
			return "", fmt.Errorf("%s: all published modules must support the same Go releases", m.Dir)
		}
		oldest = f.Go.Version
	}
	return oldest, nil
}
