// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

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
// added, pyfly-prod.yaml, in the same folder; it need not exist. A file may hold
// up to 16 MiB.
//
// Everything that is wrong with the files is reported at once, each as an
// [*Error] with file and line. Load does not look at values: a wrong one is
// reported when it is read.
func Load(opts ...Option) (*Config, error) {
	l := newLoader(opts, newSnapshot())
	return l.load()
}

// loader is one reading of all sources.
type loader struct {
	opts        []Option
	options     options
	environment *environment
	files       *snapshot
	before      *source // of the Config that is read anew; nil for a first one

	base   string // "" for none
	layers []*layer
	read   map[string]bool // the files that were read, and whether they hold any key
	names  []string        // the same in their order
}

func newLoader(opts []Option, files *snapshot) *loader {
	l := &loader{opts: opts, files: files, read: map[string]bool{}}
	for _, opt := range opts {
		if opt != nil {
			opt(&l.options)
		}
	}
	return l
}

func (l *loader) load() (*Config, error) {
	prefixes, err := l.options.variablePrefixes()
	if err != nil {
		return nil, err
	}
	l.environment = readEnvironment(prefixes...)
	if l.base, err = l.findBase(); err != nil {
		return nil, err
	}
	if l.base != "" {
		if _, err := l.file(l.base); err != nil {
			return nil, err
		}
	}
	cfg, below := l.config(), len(l.layers)
	profiles, err := l.activeProfiles(cfg)
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, profile := range profiles {
		errs = append(errs, l.profileFile(profile))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if len(l.layers) > below {
		base := cfg
		cfg = l.config()
		cfg.asked.addAll(&base.asked)
	}
	cfg.profiles = profiles
	cfg.source = &source{opts: l.opts, files: l.files, base: l.base, read: l.read, names: l.names}
	l.files.release()
	return cfg, nil
}

// findBase returns the base file that somebody named or that was found, or "". A
// Config that is read anew keeps its base file.
func (l *loader) findBase() (string, error) {
	if l.options.hasFile {
		return l.options.file, l.mustExist(l.options.file, Origin{File: l.options.file}, "config.File")
	}
	if l.before != nil && l.before.base != "" {
		return l.before.base, nil
	}
	if named := l.environment.all[fileVariable]; named != "" {
		return named, l.mustExist(named, Origin{Env: fileVariable}, fileVariable)
	}
	if found := slices.IndexFunc(discovered, l.files.exists); found >= 0 {
		return discovered[found], nil
	}
	return "", nil
}

func (l *loader) mustExist(path string, origin Origin, namedBy string) error {
	if path == "" {
		return &Error{Message: namedBy + " names no file", Want: "give a path", Err: fs.ErrNotExist}
	}
	if l.before != nil || l.files.exists(path) {
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

// activeProfiles returns the profiles without blanks and repetitions. base
// knows all settings but those of the profiles.
func (l *loader) activeProfiles(base *Config) ([]string, error) {
	names := l.options.profiles
	if !l.options.hasProfiles {
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
				Message: fmt.Sprintf("%q is not a valid profile name", name), Want: "write a name without slashes, such as prod",
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

// profileFile reads the file of a profile, if there is one, beside the base
// file or where that would have been found.
func (l *loader) profileFile(profile string) error {
	bases := []string{l.base}
	if l.base == "" {
		bases = discovered
	}
	for _, base := range bases {
		path := profilePath(base, profile)
		if !l.files.exists(path) && !l.hadKeys(path) {
			continue
		}
		written, err := l.file(path)
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
func (l *loader) file(path string) (places, error) {
	read := l.files.get(path)
	switch {
	case read.isMissing() && l.hadKeys(path):
		return nil, lostFile(path, "is missing", fs.ErrNotExist)
	case read.isMissing() && l.before != nil:
		return nil, nil // it set nothing, and still does
	case read.err != nil:
		return nil, unreadable(path, read.err)
	}
	parser := &yamlParser{file: path, layer: newLayer(true)}
	err := koanf.New(delimiter).Load(read, parser)
	if err == nil && parser.isEmpty && l.hadKeys(path) {
		return nil, lostFile(path, "is empty", io.ErrUnexpectedEOF)
	}
	l.names = append(l.names, path)
	l.read[path] = !parser.isEmpty
	l.layers = append(l.layers, parser.layer)
	return parser.layer.places, err
}

// hadKeys reports whether keys were read from a file when the Config was read
// that is read anew.
func (l *loader) hadKeys(path string) bool { return l.before != nil && l.before.read[path] }

func unreadable(path string, err error) *Error {
	wrong := &Error{
		Origin: Origin{File: path}, Message: "this file cannot be read: " + err.Error(),
		Want: "check that it is a file and its permissions", Err: err,
	}
	var pathError *fs.PathError
	if errors.As(err, &pathError) {
		wrong.Message = "this file cannot be read: " + pathError.Err.Error()
	}
	if errors.Is(err, errTooLarge) {
		wrong.Want = "keep only settings in it"
	}
	return wrong
}

// config makes a Config of what was read, with the given settings over it.
func (l *loader) config() *Config {
	return newConfig(l.layers, l.environment, l.options.settings)
}

func newConfig(files []*layer, environment *environment, settings []map[string]any) *Config {
	layers := slices.Clone(files)
	for _, m := range settings {
		layers = append(layers, layersOfCode(m)...)
	}
	cfg := &Config{layers: layers}
	cfg.merged.Store(&merged{root: merge(layers), environment: environment})
	cfg.asked.add(profilesKey)
	return cfg
}
