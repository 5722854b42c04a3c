// SPDX-License-Identifier: Apache-2.0

package publish

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Repository is the folder of a Git repository with its work tree.
type Repository string

// Git runs a Git command and returns what it prints.
func (r Repository) Git(args ...string) (string, error) {
	cmd := exec.Command("git", args...)
	cmd.Dir = string(r)
	var out, problems strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, strings.TrimSpace(problems.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// Tags returns all tags that a pattern matches.
func (r Repository) Tags(pattern string) ([]string, error) {
	out, err := r.Git("tag", "--list", pattern)
	return strings.Fields(out), err
}

// Clone copies what is committed into a folder, with the tags and the identity
// of the committer.
func (r Repository) Clone(folder string) (Repository, error) {
	if _, err := r.Git("clone", "--quiet", "--no-hardlinks", string(r), folder); err != nil {
		return "", err
	}
	clone := Repository(folder)
	for _, key := range []string{"user.name", "user.email"} {
		if value, err := r.Git("config", key); err == nil {
			if _, err := clone.Git("config", key, value); err != nil {
				return "", err
			}
		}
	}
	return clone, nil
}

// Snapshot copies the work tree, with all that is not committed or not even
// added, into a folder and makes a repository of one commit of it.
func (r Repository) Snapshot(folder string) (Repository, error) {
	out, err := r.Git("ls-files", "--cached", "--others", "--exclude-standard", "-z")
	if err != nil {
		return "", err
	}
	for name := range strings.SplitSeq(strings.Trim(out, "\x00"), "\x00") {
		err := copyFile(filepath.Join(string(r), name), filepath.Join(folder, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // deleted, but not committed
			return "", err
		}
	}
	copied := Repository(folder)
	for _, args := range [][]string{
		{"init", "--quiet", "--initial-branch", "main"},
		{"config", "user.name", "Nobody"},
		{"config", "user.email", "nobody@example.com"},
		{"add", "--all", "--force"},
		{"commit", "--quiet", "--message", "what is in the work tree"},
	} {
		if _, err := copied.Git(args...); err != nil {
			return "", err
		}
	}
	return copied, nil
}

func copyFile(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		target, err := os.Readlink(from)
		if err != nil {
			return err
		}
		return os.Symlink(target, to)
	}
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// writeTree stores the work tree and returns the id of its tree.
func (r Repository) writeTree() (string, error) {
	if _, err := r.Git("add", "--all"); err != nil {
		return "", err
	}
	return r.Git("write-tree")
}
