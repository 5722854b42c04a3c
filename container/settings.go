// SPDX-License-Identifier: Apache-2.0

package container

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

// settings are what a context keeps of its configuration from one start to the
// next.
type settings struct {
	followers
	problems []*Problem                    // of reading it
	isUnread bool                          // it could not be read, and app.config is empty
	inForce  atomic.Pointer[config.Config] // the last that the watch has applied; nil for none
}

const (
	lostPatience = time.Second // before a file that is missing or empty is given up
	lostInterval = 50 * time.Millisecond
)

// refresh reads the configuration again, before a start that is not the first.
// Settings whose files are missing or empty stay as they were. What else is
// wrong fails the start.
func (app *ApplicationContext) refresh(ctx context.Context) {
	if app.last.Load() == nil {
		return
	}
	if app.settings.isUnread {
		app.useConfig(app.loadConfig())
		return
	}
	before := app.settings.inForce.Load()
	if before == nil {
		before = app.config
	}
	cfg, err := reload(ctx, before)
	app.settings.problems = nil
	switch {
	case isLostFile(err):
		app.guarded.Warn("configuration not read again: a file is missing or empty", "error", err)
		cfg = before
	case err != nil:
		app.settings.problems = problemsOf(err, CodeConfig)
		return
	}
	app.useConfig(cfg)
}

// reload waits for a file that is missing or empty to come back.
func reload(ctx context.Context, before *config.Config) (*config.Config, error) {
	deadline := time.Now().Add(lostPatience)
	for {
		cfg, err := before.Reload()
		if !isLostFile(err) || time.Now().After(deadline) {
			return cfg, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(lostInterval):
		}
	}
}

// useConfig makes cfg the configuration of the next start.
func (app *ApplicationContext) useConfig(cfg *config.Config) {
	app.mu.Lock()
	app.config = cfg
	app.mu.Unlock()
	app.settings.inForce.Store(nil)
	for i, d := range app.definitions {
		if _, isConfig := d.instance.(*config.Config); isConfig && d.isOffered {
			changed := *d
			changed.instance = cfg
			app.definitions[i] = &changed
		}
	}
}

// unknownKeys returns the unknown settings of a configuration below pyfly and below
// the prefixes of properties, each once.
func (app *ApplicationContext) unknownKeys(cfg *config.Config) []config.UnknownKey {
	unknown := cfg.UnknownKeys("pyfly")
	for _, d := range app.definitions {
		if d.prefix == "" {
			continue
		}
		for _, key := range cfg.UnknownKeys(d.prefix) {
			if !slices.Contains(unknown, key) {
				unknown = append(unknown, key)
			}
		}
	}
	return unknown
}

// withoutRepetitions drops problems with settings that are there already: each
// client reports what is wrong for all of them.
func withoutRepetitions(problems []*Problem) []*Problem {
	type identity struct{ what, bean, remedy string }
	known := map[identity]bool{}
	return slices.DeleteFunc(problems, func(p *Problem) bool {
		if p.Code != CodeConfig || len(p.Details) > 0 {
			return false
		}
		id := identity{p.What, p.Bean, p.Remedy}
		defer func() { known[id] = true }()
		return known[id]
	})
}

// sources tells in a record where the settings come from: the profiles, those of
// them that nothing knows, and the files.
func (app *ApplicationContext) sources() (args []any) {
	profiles, files := app.profiles(), app.config.Files()
	for _, list := range []struct {
		name   string
		values []string
	}{{"profiles", profiles}, {"unknown_profiles", app.unknownProfiles(profiles, files)}, {"files", files}} {
		if len(list.values) > 0 {
			args = append(args, list.name, list.values)
		}
	}
	return args
}

// unknownProfiles returns the profiles that have no file and that no bean names.
func (app *ApplicationContext) unknownProfiles(profiles, files []string) []string {
	var unknown []string
	for _, profile := range profiles {
		hasFile := slices.ContainsFunc(files, func(file string) bool {
			return strings.HasSuffix(strings.TrimSuffix(file, filepath.Ext(file)), "-"+profile)
		})
		isNamed := slices.ContainsFunc(app.definitions, func(d *definition) bool {
			return slices.ContainsFunc(d.conditions, func(c condition) bool { return slices.Contains(c.profiles, profile) })
		})
		if !hasFile && !isNamed {
			unknown = append(unknown, profile)
		}
	}
	return unknown
}

// profilesIn returns the profiles that an expression names.
func profilesIn(expression string) []string {
	return strings.FieldsFunc(expression, func(r rune) bool { return strings.ContainsRune("&|!() \t\n", r) })
}
