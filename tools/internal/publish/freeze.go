// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"maps"

	"golang.org/x/mod/module"
)

// Freeze makes the work tree of a repository that of a release: every module
// requires the published ones in this version, and its go.sum has their
// checksums. It also adds the published modules to the proxy.
//
// A module's checksum depends on its go.sum, and that on the checksums of the
// modules that it requires, which are therefore packed first. Nothing of a
// module is in the checksum of another: nested modules are not in a zip.
//
// Before is called with each module before it gets its checksums; it may change
// the files of that module.
func Freeze(repo Repository, proxy Proxy, version string, before func(*Workspace, *Module) error) (*Workspace, error) {
	w, err := Open(string(repo))
	if err != nil {
		return nil, err
	}
	if err := w.SetVersion(version); err != nil {
		return nil, err
	}
	known := map[string]sums{}
	for _, m := range w.Modules {
		if err := w.addSums(m, known); err != nil {
			return nil, err
		}
		if before != nil {
			if err := before(w, m); err != nil {
				return nil, err
			}
		}
		if !m.Published {
			continue
		}
		tree, err := repo.writeTree()
		if err != nil {
			return nil, err
		}
		if known[m.Path], err = proxy.Add(repo, tree, m, version); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// addSums writes the checksums of the published modules that a module requires
// into its go.sum, in place of those of other versions.
func (w *Workspace) addSums(m *Module, known map[string]sums) error {
	if len(m.Requires) == 0 {
		return nil
	}
	all, err := readSums(w.Folder(m))
	if err != nil {
		return err
	}
	maps.DeleteFunc(all, func(v module.Version, _ string) bool { return w.isPublished(v.Path) })
	for _, path := range m.Requires {
		maps.Copy(all, known[path])
	}
	return all.write(w.Folder(m))
}
