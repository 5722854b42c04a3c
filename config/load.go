// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
)

const (
	fileVariable     = "PYFLY_CONFIG_FILE"
	profilesVariable = "PYFLY_PROFILES_ACTIVE"
	profilesKey      = "pyfly.profiles.active"
)

// discovered are the places of a base file that nobody names.
var discovered = []string{"pyfly.yaml", filepath.Join("config", "pyfly.yaml")}

// Load reads the base file, the files of the active profiles and the
// environment; see the options and the package's documentation for which, and
// for what wins. The file of profile prod is that of the base file with -prod
// added, pyfly-prod.yaml, in the same folder; it need not exist.
//
// Everything that is wrong with the files is reported at once, each as an
// [*Error] with file and line. Load does not look at values: a wrong one is
// reported when it is read.
func Load(opts ...Option) (*Config, error) {
	var o options
	for _, opt := range opts {
		if opt != nil {
			opt(&o)
		}
	}
	prefixes, err := o.variablePrefixes()
	if err != nil {
		return nil, err
	}
	environment := readEnvironment(prefixes...)
	base, err := findBase(&o, environment)
	if err != nil {
		return nil, err
	}
	read := sources{}
	if base != "" {
		if _, err := read.file(base); err != nil {
			return nil, err
		}
	}
	profiles, err := activeProfiles(&o, read.config(environment, o.settings))
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, profile := range profiles {
		errs = append(errs, read.profileFile(base, profile))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	cfg := read.config(environment, o.settings)
	cfg.profiles, cfg.files, cfg.options = profiles, read.files, opts
	return cfg, nil
}

// findBase returns the base file that somebody named or that was found, or "".
func findBase(o *options, environment *environment) (string, error) {
	if o.hasFile {
		return o.file, mustExist(o.file, Origin{File: o.file}, "config.File")
	}
	if named := environment.all[fileVariable]; named != "" {
		return named, mustExist(named, Origin{Env: fileVariable}, fileVariable)
	}
	if found := slices.IndexFunc(discovered, exists); found >= 0 {
		return discovered[found], nil
	}
	return "", nil
}

func mustExist(path string, origin Origin, namedBy string) error {
	if path == "" {
		return &Error{Message: namedBy + " names no file", Want: "give a path", Err: fs.ErrNotExist}
	}
	if exists(path) {
		return nil
	}
	return &Error{
		Origin:  origin,
		Value:   path,
		Message: fmt.Sprintf("the file %q, named by %s, does not exist", path, namedBy),
		Want:    "create it or correct the path",
		Err:     fs.ErrNotExist,
	}
}

// exists is true for a file that is there but cannot be read: reading it says
// why.
func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// activeProfiles returns the profiles without blanks and repetitions. base
// knows all settings but those of the profiles.
func activeProfiles(o *options, base *Config) ([]string, error) {
	names := o.profiles
	if !o.hasProfiles {
		var err error
		if names, _, err = Value[[]string](base, profilesKey); err != nil {
			return nil, err
		}
	}
	var active []string
	for _, name := range names {
		name = strings.TrimSpace(name)
		if strings.ContainsAny(name, `/\`) {
			return nil, &Error{
				Origin: base.Origin(profilesKey), Key: profilesKey, Value: name,
				Message: fmt.Sprintf("%q is no name of a profile", name), Want: "write a name without slashes, such as prod",
			}
		}
		if name != "" && !slices.Contains(active, name) {
			active = append(active, name)
		}
	}
	return active, nil
}

// profilePath returns the path of a profile's file: pyfly-prod.yaml.
func profilePath(base, profile string) string {
	extension := filepath.Ext(base)
	return strings.TrimSuffix(base, extension) + "-" + profile + extension
}

// sources is what has been read so far.
type sources struct {
	layers []*layer // the lowest first
	files  []string
}

// profileFile reads the file of a profile, if there is one, beside the base
// file or where that would have been found.
func (s *sources) profileFile(base, profile string) error {
	bases := []string{base}
	if base == "" {
		bases = discovered
	}
	for _, base := range bases {
		path := profilePath(base, profile)
		if !exists(path) {
			continue
		}
		written, err := s.file(path)
		if at, isSet := written[profilesKey]; isSet && err == nil {
			err = &Error{
				Origin: at.origin, Key: profilesKey,
				Message: "the file of a profile cannot choose profiles", Want: "move this key to " + base,
			}
		}
		return err
	}
	return nil
}

// file adds the layer of a file and returns the places of its keys.
func (s *sources) file(path string) (places, error) {
	parser := &yamlParser{file: path, layer: newLayer(true)}
	err := koanf.New(delimiter).Load(file.Provider(path), parser)
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		return nil, &Error{
			Origin: Origin{File: path}, Message: "this file cannot be read: " + pathError.Err.Error(),
			Want: "check that it is a file and its permissions", Err: err,
		}
	}
	s.files = append(s.files, path)
	s.layers = append(s.layers, parser.layer)
	return parser.layer.places, err
}

// config makes a Config of what was read, with the given settings over it.
func (s *sources) config(environment *environment, settings []map[string]any) *Config {
	layers := slices.Clone(s.layers)
	for _, m := range settings {
		layers = append(layers, layersOfCode(m)...)
	}
	cfg := &Config{layers: layers, environment: environment}
	cfg.merged.Store(&merged{root: merge(layers)})
	cfg.asked.add(profilesKey)
	return cfg
}
