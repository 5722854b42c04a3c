// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"golang.org/x/mod/semver"

	"github.com/pyfly-go/pyfly/tools/internal/publish"
)

// check reports everything that prevents a release of the repository.
func check(repo publish.Repository, version string) error {
	if !semver.IsValid(version) || semver.Canonical(version) != version || semver.Build(version) != "" {
		return fmt.Errorf("%q is not a version such as v0.1.0: make release VERSION=v0.1.0", version)
	}
	if semver.Compare(semver.Major(version), "v1") > 0 {
		return fmt.Errorf("%s: from v2 on the paths of the modules must end in the major version", version)
	}
	w, err := publish.Open(string(repo))
	if err != nil {
		return err
	}
	return errors.Join(checkClean(repo), checkTags(repo, w, version), checkChangelog(repo, version), w.Check())
}

func checkClean(repo publish.Repository) error {
	status, err := repo.Git("status", "--porcelain")
	if err != nil {
		return err
	}
	if status != "" {
		return fmt.Errorf("the work tree has changes that are not committed:\n%s", status)
	}
	if branch, err := repo.Git("branch", "--show-current"); err != nil || branch == "" {
		return errors.Join(errors.New("HEAD is detached: check out the branch to release from"), err)
	}
	return nil
}

func checkTags(repo publish.Repository, w *publish.Workspace, version string) error {
	for _, m := range w.Published() {
		if tags, err := repo.Tags(m.Tag(version)); err != nil || len(tags) > 0 {
			return errors.Join(fmt.Errorf("the tag %s exists", m.Tag(version)), err)
		}
	}
	last, err := lastRelease(repo, func(string) bool { return true })
	if err == nil && last != "" && semver.Compare(version, last) <= 0 {
		err = fmt.Errorf("%s does not come after %s, the last release", version, last)
	}
	return err
}

// lastRelease returns the highest version that is tagged and of a kind, or "".
func lastRelease(repo publish.Repository, isOfKind func(version string) bool) (string, error) {
	tags, err := repo.Tags("v*")
	last := ""
	for _, tag := range tags {
		if semver.IsValid(tag) && isOfKind(tag) && (last == "" || semver.Compare(tag, last) > 0) {
			last = tag
		}
	}
	return last, err
}

// checkChangelog requires that the first section is a dated section of the
// version with text, and that nothing is left under Unreleased.
func checkChangelog(repo publish.Repository, version string) error {
	text, err := os.ReadFile(filepath.Join(string(repo), "CHANGELOG.md"))
	if err != nil {
		return err
	}
	sections := strings.Split("\n"+string(text), "\n## ")[1:]
	if len(sections) > 0 && strings.HasPrefix(sections[0], "[Unreleased]") {
		if rest := strings.TrimPrefix(sections[0], "[Unreleased]"); strings.TrimSpace(rest) != "" {
			return fmt.Errorf("CHANGELOG.md: move what stands under [Unreleased] to a section of %s", version)
		}
		sections = sections[1:]
	}
	heading := regexp.MustCompile(`^\[` + regexp.QuoteMeta(strings.TrimPrefix(version, "v")) + `\] - \d{4}-\d{2}-\d{2}\n`)
	if len(sections) == 0 || !heading.MatchString(sections[0]) {
		return fmt.Errorf("CHANGELOG.md: its first section must be \"## [%s] - YYYY-MM-DD\"", strings.TrimPrefix(version, "v"))
	}
	if strings.TrimSpace(heading.ReplaceAllString(sections[0], "")) == "" {
		return fmt.Errorf("CHANGELOG.md: the section of %s is empty", version)
	}
	return nil
}
