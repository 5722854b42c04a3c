// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"io/fs"
	"slices"
	"testing"

	"github.com/pyfly-go/pyfly/config"
)

func TestTheBaseFileIsFound(t *testing.T) {
	cases := map[string]struct {
		files    map[string]string
		variable string
		opts     []config.Option
		want     string
	}{
		"none":                            {nil, "", nil, ""},
		"in the folder":                   {map[string]string{"pyfly.yaml": "at: here", "config/pyfly.yaml": "at: below"}, "", nil, "here"},
		"below config":                    {map[string]string{"config/pyfly.yaml": "at: below"}, "", nil, "below"},
		"named by the environment":        {map[string]string{"pyfly.yaml": "at: here", "other.yaml": "at: other"}, "other.yaml", nil, "other"},
		"named in code":                   {map[string]string{"mine.yaml": "at: mine", "other.yaml": "at: other"}, "other.yaml", []config.Option{config.File("mine.yaml")}, "mine"},
		"an empty variable names no file": {map[string]string{"pyfly.yaml": "at: here"}, "", nil, "here"},
		"the last File counts":            {map[string]string{"a.yaml": "at: a", "b.yaml": "at: b"}, "", []config.Option{config.File("a.yaml"), config.File("b.yaml")}, "b"},
		"any extension":                   {map[string]string{"settings.yml": "at: yml"}, "", []config.Option{config.File("settings.yml")}, "yml"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inFolder(t, c.files)
			t.Setenv("PYFLY_CONFIG_FILE", c.variable)
			if got := load(t, c.opts...).String("at", ""); got != c.want {
				t.Errorf("read %q, want %q", got, c.want)
			}
		})
	}
}

func TestAFileThatIsAskedForMustBeThere(t *testing.T) {
	inFolder(t, map[string]string{"folder/x": "", "pyfly.yaml": ""})
	_, err := config.Load(config.File("absent.yaml"))
	wantError(t, err, `absent.yaml: the file "absent.yaml", named by config.File, does not exist: create it or correct the path`)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the error is not fs.ErrNotExist")
	}
	_, err = config.Load(config.File(""))
	wantError(t, err, "config.File names no file: give a path")
	_, err = config.Load(config.File("folder"))
	wantError(t, err, "folder: this file cannot be read: is a directory: check that it is a file and its permissions")

	t.Setenv("PYFLY_CONFIG_FILE", "gone.yaml")
	_, err = config.Load()
	wantError(t, err, `environment variable PYFLY_CONFIG_FILE: the file "gone.yaml", named by PYFLY_CONFIG_FILE, does not exist: create it or correct the path`)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Error("the error is not fs.ErrNotExist")
	}
}

func TestProfilesAreChosen(t *testing.T) {
	files := map[string]string{
		"pyfly.yaml":      "pyfly.profiles.active: [base]\nat: pyfly.yaml",
		"pyfly-base.yaml": "at: base",
		"pyfly-env.yaml":  "at: env",
		"pyfly-a.yaml":    "at: a\nonly-a: yes it is",
		"pyfly-b.yaml":    "at: b",
	}
	cases := map[string]struct {
		variable string
		opts     []config.Option
		profiles []string
		want     string
	}{
		"by the base file":                  {"", nil, []string{"base"}, "base"},
		"by the environment":                {"env", nil, []string{"env"}, "env"},
		"in code":                           {"env", []config.Option{config.Profiles("a")}, []string{"a"}, "a"},
		"the later wins":                    {"a, b", nil, []string{"a", "b"}, "b"},
		"the later wins, the other way":     {"b,a", nil, []string{"b", "a"}, "a"},
		"none in code":                      {"env", []config.Option{config.Profiles()}, nil, "pyfly.yaml"},
		"one without a file":                {"", []config.Option{config.Profiles("a", "absent")}, []string{"a", "absent"}, "a"},
		"blanks and repetitions are nobody": {"", []config.Option{config.Profiles("a", " ", "a")}, []string{"a"}, "a"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			inFolder(t, files)
			if c.variable != "" {
				t.Setenv("PYFLY_PROFILES_ACTIVE", c.variable)
			}
			cfg := load(t, c.opts...)
			wantText(t, cfg, "at", c.want)
			if got := cfg.Profiles(); !slices.Equal(got, c.profiles) {
				t.Errorf("profiles %v, want %v", got, c.profiles)
			}
		})
	}
}

func TestProfilesOneByOne(t *testing.T) {
	inFolder(t, map[string]string{"pyfly-a.yaml": "at: a", "pyfly-b.yaml": "at: b"})
	t.Setenv("PYFLY_PROFILES_ACTIVE_0", "a")
	t.Setenv("PYFLY_PROFILES_ACTIVE_1", "${SECOND}")
	t.Setenv("SECOND", "b")
	cfg := load(t)
	wantText(t, cfg, "at", "b")
	if unknown := cfg.UnknownKeys("pyfly"); len(unknown) > 0 {
		t.Error(unknown)
	}
}

func TestProfileFilesStandBesideTheBaseFile(t *testing.T) {
	inFolder(t, map[string]string{"etc/app.yml": "a: 1", "etc/app-prod.yml": "a: 2", "app-prod.yml": "a: 3"})
	cfg := load(t, config.File("etc/app.yml"), config.Profiles("prod"))
	wantText(t, cfg, "a", "2")
	if got := cfg.Origin("a").String(); got != "etc/app-prod.yml:1" {
		t.Error(got)
	}
}

func TestWrongProfiles(t *testing.T) {
	inFolder(t, map[string]string{"pyfly.yaml": "a: 1", "pyfly-prod.yaml": "pyfly:\n  profiles:\n    active: x"})
	_, err := config.Load(config.Profiles("prod"))
	wantError(t, err, "pyfly-prod.yaml:3: pyfly.profiles.active: the file of a profile cannot choose profiles: move this key to pyfly.yaml")
	_, err = config.Load(config.Profiles("../prod"))
	wantError(t, err, `pyfly.profiles.active: "../prod" is not a valid profile name: write a name without slashes, such as prod`)
}

func TestAllWrongFilesAreReportedAtOnce(t *testing.T) {
	inFolder(t, map[string]string{"pyfly-a.yaml": "[1]", "pyfly-b.yaml": "x: 1\nx: 2"})
	_, err := config.Load(config.Profiles("a", "b"))
	wantError(t, err, "pyfly-a.yaml:1: the file holds a list where keys and values are needed: write lines of the form key: value\n"+
		"pyfly-b.yaml:2: the key x is already set at line 1 (there written x): keep one of them; keys that differ only in case, dashes and underscores are the same")
}

func TestNewReadsNeitherFilesNorOverrides(t *testing.T) {
	inFolder(t, map[string]string{"pyfly.yaml": "a: file"})
	t.Setenv("PYFLY_NAME", "environment")
	t.Setenv("SHOP_HOST", "localhost")
	cfg := config.New(map[string]any{
		"pyfly.name": "code", "url": "http://${SHOP_HOST}", "db.url": "x",
		"db": map[string]any{"pool": map[string]int{"size": 3}},
	})
	wantText(t, cfg, "pyfly.name", "code")
	wantText(t, cfg, "url", "http://localhost")
	wantText(t, cfg, "db.url", "x")
	if got := value[int](t, cfg, "db.pool.size"); got != 3 {
		t.Error(got)
	}
	if cfg.Exists("a") || config.New(nil).Exists("pyfly.name") {
		t.Error("more was read than was given")
	}
}
