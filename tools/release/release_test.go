// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/pyfly-go/pyfly/tools/internal/publish"
)

// repository is one in a temporary folder, with an empty one as its origin.
type repository struct {
	publish.Repository
	t      *testing.T
	origin publish.Repository
}

func newRepository(t *testing.T) *repository {
	t.Helper()
	t.Parallel()
	origin := publish.Repository(t.TempDir())
	r := &repository{publish.Repository(t.TempDir()), t, origin}
	archive, err := txtar.ParseFile("testdata/repository.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		r.write(f.Name, string(f.Data))
	}
	if _, err := origin.Git("init", "--quiet", "--bare"); err != nil {
		t.Fatal(err)
	}
	r.git("init", "--quiet", "--initial-branch", "main")
	r.git("config", "user.name", "Releaser")
	r.git("config", "user.email", "releaser@example.com")
	r.git("remote", "add", "origin", string(origin))
	r.commit()
	return r
}

func (r *repository) git(args ...string) string {
	r.t.Helper()
	out, err := r.Git(args...)
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *repository) commit() {
	r.t.Helper()
	r.git("add", "--all")
	r.git("commit", "--quiet", "--message", "changed")
}

func (r *repository) path(name string) string { return filepath.Join(string(r.Repository), name) }

func (r *repository) write(name, text string) {
	r.t.Helper()
	if err := os.MkdirAll(filepath.Dir(r.path(name)), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(r.path(name), []byte(text), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

func (r *repository) read(name string) string {
	r.t.Helper()
	text, err := os.ReadFile(r.path(name))
	if err != nil {
		r.t.Fatal(err)
	}
	return string(text)
}

// replace changes a text in a file.
func (r *repository) replace(name, before, after string) {
	r.t.Helper()
	text := r.read(name)
	if !strings.Contains(text, before) {
		r.t.Fatalf("%s does not contain %q", name, before)
	}
	r.write(name, strings.Replace(text, before, after, 1))
}

// describe adds a section of a version to the changelog.
func (r *repository) describe(version string) {
	r.t.Helper()
	r.replace("CHANGELOG.md", "## [Unreleased]\n", "## [Unreleased]\n\n## ["+strings.TrimPrefix(version, "v")+"] - 2026-12-01\n\n- More.\n")
	r.commit()
}

// release releases a version without the checks of CI.
func (r *repository) release(version string) (printed string, err error) {
	r.t.Helper()
	var out strings.Builder
	err = release(string(r.Repository), version, []string{"true"}, &out)
	return out.String(), err
}

func (r *repository) isReleased(version string) string {
	r.t.Helper()
	printed, err := r.release(version)
	if err != nil {
		r.t.Fatalf("%s: %v", version, err)
	}
	return printed
}

func TestAReleaseIsCommittedAndTaggedAndNotPushed(t *testing.T) {
	r := newRepository(t)
	printed := r.isReleased("v0.1.0")
	head := r.git("rev-parse", "HEAD")
	tags := []string{"sub/v0.1.0", "v0.1.0"}
	if got := strings.Fields(r.git("tag")); !slices.Equal(got, tags) {
		t.Errorf("tags %q, want %q", got, tags)
	}
	for _, tag := range tags {
		if commit := r.git("rev-parse", tag+"^{commit}"); commit != head {
			t.Errorf("%s is at %s, HEAD at %s", tag, commit, head)
		}
	}
	if status := r.git("status", "--porcelain"); status != "" {
		t.Errorf("the work tree has changes:\n%s", status)
	}
	if author := r.git("log", "-1", "--format=%an, %s"); author != "Releaser, release: v0.1.0" {
		t.Errorf("commit of %s", author)
	}
	if !strings.Contains(printed, "git push --atomic origin main v0.1.0 sub/v0.1.0\n") {
		t.Errorf("it prints %q", printed)
	}
	if pushed, err := r.origin.Git("for-each-ref"); err != nil || pushed != "" {
		t.Errorf("pushed: %s, %v", pushed, err)
	}
}

// The checksums are written before the tags are made: what the tags hold must
// have them.
func TestTheChecksumsAreThoseOfTheTags(t *testing.T) {
	r := newRepository(t)
	r.isReleased("v0.1.0")
	w, err := publish.Open(string(r.Repository))
	if err != nil {
		t.Fatal(err)
	}
	proxy := publish.Proxy(t.TempDir())
	for _, m := range w.Published() {
		if _, err := proxy.Add(r.Repository, m.Tag("v0.1.0"), m, "v0.1.0"); err != nil {
			t.Fatal(err)
		}
	}
	consumer := t.TempDir()
	if out, err := exec.Command("cp", "-r", r.path("example"), consumer).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	env, err := proxy.Env(w, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"mod", "tidy", "-diff"}, {"mod", "verify"}, {"run", "-mod=readonly", "."}} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = filepath.Join(consumer, "example"), env
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

func TestTheNextReleaseChangesTheVersionEverywhere(t *testing.T) {
	r := newRepository(t)
	r.isReleased("v0.1.0")
	r.describe("v0.2.0")
	r.isReleased("v0.2.0")
	for _, name := range []string{"go.work", "README.md", "sub/go.mod", "sub/go.sum", "example/go.mod", "example/go.sum"} {
		if text := r.read(name); strings.Contains(text, "v0.1.0") || !strings.Contains(text, "v0.2.0") {
			t.Errorf("%s:\n%s", name, text)
		}
	}
	if changed := r.git("show", "--format=", "--name-only", "HEAD", "--", "kind", "CHANGELOG.md", "go.mod"); changed != "" {
		t.Errorf("changed as well: %s", changed)
	}
}

func TestWhatIsNotReleased(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*repository)
		version string
		want    string
	}{
		"no version":                  {nil, "", "is not a version"},
		"not a whole version":         {nil, "v0.1", "is not a version"},
		"a version without v":         {nil, "0.1.0", "is not a version"},
		"a version with build":        {nil, "v0.1.0+1", "is not a version"},
		"a major version above 1":     {nil, "v2.0.0", "must end in the major version"},
		"not described":               {nil, "v0.2.0", `CHANGELOG.md: its first section must be "## [0.2.0] - YYYY-MM-DD"`},
		"described without a date":    {func(r *repository) { r.replace("CHANGELOG.md", "2026-11-01", "soon") }, "v0.1.0", "first section must be"},
		"described by nothing":        {func(r *repository) { r.replace("CHANGELOG.md", "- All of it.\n", "") }, "v0.1.0", "the section of v0.1.0 is empty"},
		"left under Unreleased":       {func(r *repository) { r.replace("CHANGELOG.md", "[Unreleased]\n", "[Unreleased]\n\n- More.\n") }, "v0.1.0", "under [Unreleased]"},
		"a tag of the version":        {func(r *repository) { r.git("tag", "sub/v0.1.0") }, "v0.1.0", "the tag sub/v0.1.0 exists"},
		"not the next version":        {func(r *repository) { r.git("tag", "v0.10.0") }, "v0.1.0", "does not come after v0.10.0"},
		"a guide of another version":  {func(r *repository) { r.replace("README.md", "v0.1.0", "v0.0.9") }, "v0.1.0", "README.md names the version v0.0.9"},
		"a module of another version": {func(r *repository) { r.replace("sub/go.mod", "v0.1.0", "v0.0.9") }, "v0.1.0", "sub/go.mod requires example.com/pyfly-go/pyfly v0.0.9"},
		"a module with a replacement": {func(r *repository) {
			r.write("sub/go.mod", r.read("sub/go.mod")+"\nreplace example.com/pyfly-go/pyfly => ..\n")
		}, "v0.1.0", "sub/go.mod has a replace directive"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			if c.prepare != nil {
				c.prepare(r)
				r.git("add", "--all")
				r.git("commit", "--quiet", "--allow-empty", "--message", "prepared")
			}
			r.isRefused(c.version, c.want)
		})
	}
	t.Run("not committed", func(t *testing.T) {
		r := newRepository(t)
		r.write("new.go", "package pyfly\n")
		r.isRefused("v0.1.0", "new.go")
	})
	t.Run("checks that fail", func(t *testing.T) {
		r := newRepository(t)
		before := r.git("rev-parse", "HEAD")
		err := release(string(r.Repository), "v0.1.0", []string{"false"}, &strings.Builder{})
		if err == nil || r.git("rev-parse", "HEAD") != before || r.git("tag") != "" {
			t.Errorf("released: %v", err)
		}
	})
}

// isRefused checks that a release fails and leaves everything as it was.
func (r *repository) isRefused(version, want string) {
	r.t.Helper()
	before := r.git("rev-parse", "HEAD") + r.git("tag") + r.git("status", "--porcelain")
	_, err := r.release(version)
	if err == nil || !strings.Contains(err.Error(), want) {
		r.t.Errorf("%s: %v, want %q", version, err, want)
	}
	if after := r.git("rev-parse", "HEAD") + r.git("tag") + r.git("status", "--porcelain"); after != before {
		r.t.Errorf("%s: changed from %s to %s", version, before, after)
	}
}

func TestChangesOfTheAPI(t *testing.T) {
	const add, breaks = "func Old() Kind { return 1 }\n\n// New is new.\nfunc New() {}\n", "func Old(int) Kind { return 1 }\n"
	for name, c := range map[string]struct {
		before, version, code, want string // "": released
	}{
		"a patch before v1 adds":             {"v0.1.0", "v0.1.1", add, ""},
		"a patch before v1 breaks":           {"v0.1.0", "v0.1.1", breaks, "Old: changed"},
		"a minor version before v1 breaks":   {"v0.1.0", "v0.2.0", breaks, ""},
		"a patch adds":                       {"v1.0.0", "v1.0.1", add, "New: added"},
		"a minor version adds":               {"v1.0.0", "v1.1.0", add, ""},
		"a minor version breaks":             {"v1.0.0", "v1.1.0", breaks, "Old: changed"},
		"the first major version breaks":     {"v0.1.0", "v1.0.0", breaks, ""},
		"a pre-release is no last release":   {"v0.2.0-rc.1", "v0.2.0", breaks, ""},
		"a pre-release of a minor may break": {"v0.1.0", "v0.2.0-rc.1", breaks, ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRepository(t)
			if c.before != "v0.1.0" {
				r.describe(c.before)
			}
			r.isReleased(c.before)
			r.replace("kind/kind.go", "func Old() Kind { return 1 }\n", c.code)
			r.replace("internal/hidden/hidden.go", "func Hidden() {}", "func Hidden(int) {}")
			if c.code == breaks {
				r.replace("example/main.go", "kind.Old()", "kind.Old(1)")
			}
			r.describe(c.version)
			if c.want == "" {
				r.isReleased(c.version)
			} else {
				r.isRefused(c.version, c.want)
			}
		})
	}
}

// Between releases the checksums stay those of the last one, although the work
// tree differs from it.
func TestTidyKeepsTheChecksumsOfTheRelease(t *testing.T) {
	r := newRepository(t)
	r.isReleased("v0.1.0")
	want := r.read("example/go.sum")
	r.replace("kind/kind.go", "return 1", "return 2")
	r.replace("example/go.mod", "\texample.com/pyfly-go/pyfly/sub v0.1.0\n", "\texample.com/pyfly-go/pyfly/sub v0.1.0 // indirect\n")
	if err := publish.Tidy(string(r.Repository), t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if got := r.read("example/go.sum"); got != want {
		t.Errorf("go.sum is\n%s\nwant\n%s", got, want)
	}
	if text := r.read("example/go.mod"); strings.Contains(text, "indirect") {
		t.Errorf("go.mod is not tidy:\n%s", text)
	}
}
