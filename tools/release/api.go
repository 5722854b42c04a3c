// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"go/types"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/exp/apidiff"
	"golang.org/x/mod/semver"
	"golang.org/x/tools/go/packages"

	"github.com/pyfly-go/pyfly/tools/internal/publish"
)

// checkAPI compares the exported API with that of the last release that is not
// a pre-release, and rejects changes that the version step does not permit. It
// prints all changes. The last release is checked out into a folder.
func checkAPI(repo publish.Repository, version, folder string, out io.Writer) error {
	last, err := lastRelease(repo, func(version string) bool { return semver.Prerelease(version) == "" })
	if err != nil || last == "" {
		return err
	}
	old, err := repo.Clone(folder)
	if err != nil {
		return err
	}
	if _, err := old.Git("checkout", "--quiet", "--detach", last); err != nil {
		return err
	}
	before, err := publish.Open(string(old))
	if err != nil {
		return err
	}
	now, err := publish.Open(string(repo))
	if err != nil {
		return err
	}
	var problems []error
	for _, m := range before.Published() {
		problems = append(problems, checkModule(m, before, now, last, version, out))
	}
	return errors.Join(problems...)
}

func checkModule(m *publish.Module, before, now *publish.Workspace, last, version string, out io.Writer) error {
	if !slices.ContainsFunc(now.Published(), func(n *publish.Module) bool { return n.Path == m.Path }) {
		return fmt.Errorf("%s was released and is not published any more", m.Path)
	}
	old, err := load(before, m)
	if err != nil {
		return err
	}
	current, err := load(now, m)
	if err != nil {
		return err
	}
	report := apidiff.ModuleChanges(old, current)
	if len(report.Changes) > 0 {
		if _, err := fmt.Fprintf(out, "\n%s since %s:\n%s", m.Path, last, report); err != nil {
			return err
		}
	}
	var problems []error
	for _, change := range report.Changes {
		if allowed := allows(last, version, change.Compatible); !allowed {
			problems = append(problems, fmt.Errorf("%s: %s: this is not a change from %s to %s", m.Path, change.Message, last, version))
		}
	}
	return errors.Join(problems...)
}

// allows reports whether a version step permits a change: a minor version may
// add, a major version and, before v1, a minor version may break. A patch
// before v1 may add.
func allows(last, version string, compatible bool) bool {
	sameMajor := semver.Major(last) == semver.Major(version)
	sameMinor := semver.MajorMinor(last) == semver.MajorMinor(version)
	isUnstable := semver.Major(last) == "v0"
	if compatible {
		return isUnstable || !sameMinor
	}
	return !sameMajor || isUnstable && !sameMinor
}

// load type-checks what a module exports. Internal packages, programs, examples
// and the snippets of the guides are not its API.
func load(w *publish.Workspace, m *publish.Module) (*apidiff.Module, error) {
	cfg := &packages.Config{
		Mode: packages.NeedName | packages.NeedTypes | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile,
		Dir:  w.Folder(m),
		Env:  append(os.Environ(), "GOWORK="),
	}
	loaded, err := packages.Load(cfg, "./...")
	if err != nil {
		return nil, err
	}
	exported := &apidiff.Module{Path: m.Path}
	for _, p := range loaded {
		for _, e := range p.Errors {
			err = errors.Join(err, e)
		}
		if isAPI(m, p.Types) {
			exported.Packages = append(exported.Packages, p.Types)
		}
	}
	return exported, err
}

func isAPI(m *publish.Module, p *types.Package) bool {
	if p.Name() == "main" {
		return false
	}
	elements := strings.Split(strings.Trim(strings.TrimPrefix(p.Path(), m.Path), "/"), "/")
	return !slices.Contains(elements, "internal") && elements[0] != "examples" && elements[0] != "docs"
}
