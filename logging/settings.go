// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/config"
)

const (
	levelKey  = "pyfly.logging.level"
	formatKey = "pyfly.logging.format"
	sourceKey = "pyfly.logging.source"

	rootName = "root"
)

// settings are those below pyfly.logging.
type settings struct {
	levels *levels
	format string // "text", "json" or "auto"
	source bool
}

// Check reports what is wrong with the settings of logging: levels, format and
// source. The error is a [*config.Error], or several joined, each of which names
// place, key and value and says what to write. It is safe for concurrent use.
func Check(cfg *config.Config) error {
	_, err := readSettings(cfg)
	return err
}

func readSettings(cfg *config.Config) (settings, error) {
	levels, levelErr := readLevels(cfg)
	format, formatErr := readFormat(cfg)
	source, _, sourceErr := config.Value[bool](cfg, sourceKey)
	return settings{levels, format, source}, errors.Join(levelErr, formatErr, sourceErr)
}

func readFormat(cfg *config.Config) (string, error) {
	text, ok, err := config.Value[string](cfg, formatKey)
	if err != nil || !ok {
		return "auto", err
	}
	format := strings.ToLower(strings.TrimSpace(text))
	if format != "auto" && format != "text" && format != "json" {
		return "auto", cfg.Errorf(formatKey, "write auto, text or json")
	}
	return format, nil
}

func readLevels(cfg *config.Config) (*levels, error) {
	if value, ok, _ := cfg.Get(levelKey); ok {
		if _, isGroup := value.(map[string]any); !isGroup {
			return nil, cfg.Errorf(levelKey, "write a level for each package below it: %s.%s: info", levelKey, rootName)
		}
	}
	group, _, err := config.Value[map[string]any](cfg, levelKey)
	if err != nil {
		return nil, err
	}
	set := &levels{root: slog.LevelInfo}
	var errs []error
	for _, s := range flatten("", group) {
		key := levelKey + "." + s.name
		level, ok := parseLevel(s.level)
		switch {
		case !ok:
			errs = append(errs, cfg.Errorf(key, wantLevel))
		case strings.EqualFold(s.name, rootName):
			set.root = level
		default:
			set.rules = append(set.rules, newRule(s.name, cfg.Origin(key).Env != "", level))
		}
	}
	set.least = set.root
	for _, r := range set.rules {
		set.least = min(set.least, r.level)
	}
	return set, errors.Join(errs...)
}

// packageLevel is one key of the group, and what it is set to.
type packageLevel struct{ name, level string }

// flatten puts the names together again that hold dots: in YAML these nest.
func flatten(prefix string, group map[string]any) []packageLevel {
	var all []packageLevel
	for name, value := range group {
		if below, isGroup := value.(map[string]any); isGroup {
			all = append(all, flatten(prefix+name+".", below)...)
			continue
		}
		all = append(all, packageLevel{prefix + name, fmt.Sprint(value)})
	}
	slices.SortFunc(all, func(a, b packageLevel) int { return cmp.Compare(a.name, b.name) })
	return all
}
