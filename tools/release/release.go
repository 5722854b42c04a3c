// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pyfly-go/pyfly/tools/internal/publish"
)

// release works on a clone. The repository in root receives the commit and the
// tags when nothing can fail any more.
func release(root, version string, tests []string, out io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "pyfly-release")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()

	original := publish.Repository(root)
	if err := check(original, version); err != nil {
		return err
	}
	clone, err := original.Clone(filepath.Join(folder, "repository"))
	if err != nil {
		return err
	}
	if err := checkAPI(clone, version, filepath.Join(folder, "last"), out); err != nil {
		return err
	}
	if err := run(root, tests, out); err != nil {
		return err
	}
	w, err := publish.Freeze(clone, publish.Proxy(filepath.Join(folder, "proxy")), version, nil)
	if err != nil {
		return err
	}
	tags, err := commit(clone, w, version)
	if err != nil {
		return err
	}
	if err := fetch(original, clone, tags); err != nil {
		return err
	}
	branch, err := original.Git("branch", "--show-current")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, `
%s is committed and tagged here, and not pushed. To publish it:

	git push --atomic origin %s %s

To take it back before that: git tag -d %[3]s && git reset --hard HEAD~
`, version, branch, strings.Join(tags, " "))
	return err
}

// run runs the checks of CI with the environment of CI.
func run(root string, command []string, out io.Writer) error {
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = root, append(os.Environ(), "CI=true"), out, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	status, err := publish.Repository(root).Git("status", "--porcelain")
	if err == nil && status != "" {
		err = fmt.Errorf("%s has changed files:\n%s", strings.Join(command, " "), status)
	}
	return err
}

// commit commits the frozen files if any has changed, and tags the commit for
// each module.
func commit(repo publish.Repository, w *publish.Workspace, version string) (tags []string, err error) {
	if _, err := repo.Git("add", "--all"); err != nil {
		return nil, err
	}
	if _, err := repo.Git("commit", "--quiet", "--allow-empty", "--message", "release: "+version); err != nil {
		return nil, err
	}
	for _, m := range w.Published() {
		tag := m.Tag(version)
		if _, err := repo.Git("tag", "--annotate", "--message", m.Path+" "+version, tag); err != nil {
			return nil, err
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

// fetch copies the commit and the tags from the clone.
func fetch(original, clone publish.Repository, tags []string) error {
	args := []string{"fetch", "--quiet", "--no-tags", "--atomic", string(clone)}
	for _, tag := range tags {
		args = append(args, "refs/tags/"+tag+":refs/tags/"+tag)
	}
	if _, err := original.Git(args...); err != nil {
		return err
	}
	_, err := original.Git("merge", "--quiet", "--ff-only", tags[0])
	return err
}
