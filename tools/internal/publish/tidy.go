// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"golang.org/x/mod/module"
)

// Tidy gives the modules of go.work in root one version of what they share, and
// runs "go mod tidy" in each. It works on copies in a folder that exists.
func Tidy(root, folder string) error {
	// What one module requires after it has been made tidy may be newer than what
	// another one requires.
	const passes = 5
	for pass := range passes {
		w, err := tidyOnce(root, filepath.Join(folder, strconv.Itoa(pass)))
		if err != nil {
			return err
		}
		if isDone, err := w.hidesNothing(); isDone || err != nil {
			return err
		}
	}
	return fmt.Errorf("the modules do not agree on the versions of what they share after %d times", passes)
}

// tidyOnce changes the go.mod and go.sum of the modules.
func tidyOnce(root, folder string) (*Workspace, error) {
	original, err := Open(root)
	if err != nil {
		return nil, err
	}
	repo, err := Repository(root).Snapshot(filepath.Join(folder, "repository"))
	if err != nil {
		return nil, err
	}
	proxy := Proxy(filepath.Join(folder, "proxy"))
	env, err := proxy.Env(original, filepath.Join(root, ModuleCache))
	if err != nil {
		return nil, err
	}
	_, err = Freeze(repo, proxy, original.Version, func(w *Workspace, m *Module) error {
		shared, err := w.Hidden(m)
		if err != nil {
			return err
		}
		if err := w.Require(m, shared); err != nil {
			return err
		}
		cmd := exec.Command("go", "mod", "tidy")
		cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = w.Folder(m), env, os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("%s: go mod tidy: %w", m.Dir, err)
		}
		return original.takeOver(m, w.Folder(m))
	})
	return original, err
}

func (w *Workspace) hidesNothing() (bool, error) {
	for _, m := range w.Modules {
		if hidden, err := w.Hidden(m); err != nil || len(hidden) > 0 {
			return false, err
		}
	}
	return true, nil
}

// ModuleCache is where, below the root, the go commands that use a proxy keep
// modules.
const ModuleCache = ".tmp/modules"

// takeOver copies go.mod and go.sum of a module from another folder. The
// checksums of published modules stay as they are: they are those of the last
// release.
func (w *Workspace) takeOver(m *Module, from string) error {
	to := w.Folder(m)
	before, err := readSums(to)
	if err != nil {
		return err
	}
	after, err := readSums(from)
	if err != nil {
		return err
	}
	maps.DeleteFunc(before, func(v module.Version, _ string) bool { return !w.isPublished(v.Path) })
	maps.DeleteFunc(after, func(v module.Version, _ string) bool { return w.isPublished(v.Path) })
	maps.Copy(after, before)
	return errors.Join(copyFile(filepath.Join(from, "go.mod"), filepath.Join(to, "go.mod")), after.write(to))
}

// Hidden returns the versions that the workspace uses where the go.mod of a
// module requires older ones, by path: what is built and tested in the
// workspace is then not what users of the module get.
func (w *Workspace) Hidden(m *Module) (map[string]string, error) {
	required, err := w.Requirements(m)
	if err != nil {
		return nil, err
	}
	used, err := w.versions()
	if err != nil {
		return nil, err
	}
	hidden := map[string]string{}
	for path, version := range required {
		if used[path] != version && !w.isPublished(path) {
			hidden[path] = used[path]
		}
	}
	return hidden, nil
}

// versions returns the version of each module that the workspace uses.
func (w *Workspace) versions() (map[string]string, error) {
	cmd := exec.Command("go", "list", "-m", "-json=Path,Version", "all")
	cmd.Dir, cmd.Env, cmd.Stderr = w.Root, append(os.Environ(), "GOWORK="), os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	versions := map[string]string{}
	for decoder := json.NewDecoder(out); ; {
		var m module.Version
		if err = decoder.Decode(&m); err != nil {
			break
		}
		versions[m.Path] = m.Version
	}
	if err == io.EOF {
		err = nil
	}
	return versions, errors.Join(err, cmd.Wait())
}
