// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/internal/secret"
)

// secretNames are the headers and query parameters that clients declare as
// secret by the setting secret-names. They are compared by their letters and
// digits.
type secretNames []string

func secretNamesOf(cfg *config.Config) secretNames {
	var all secretNames
	for _, e := range cfg.Entries("pyfly.client") {
		if last := e.Key[strings.LastIndexByte(e.Key, '.')+1:]; lettersOf(last) != "secretnames" {
			continue
		}
		names, _, _ := config.Value[[]string](cfg, e.Key) // an invalid one stops the start
		for _, name := range names {
			all = append(all, lettersOf(name))
		}
	}
	return all
}

// entries returns the settings below prefix, without secrets.
func (names secretNames) entries(cfg *config.Config, prefix string) []config.Entry {
	entries := append([]config.Entry{}, cfg.Entries(prefix)...)
	for i, e := range entries {
		entries[i].Value = secret.TextWith(e.Value, names.has)
		if _, header, isHeader := strings.Cut(e.Key, ".headers."); isHeader && names.has(header) {
			entries[i].Value = secret.Hidden
		}
	}
	return entries
}

func (names secretNames) has(name string) bool { return slices.Contains(names, lettersOf(name)) }

func lettersOf(name string) string {
	return strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name))
}
