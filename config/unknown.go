// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pyfly-go/pyfly/internal/naming"
)

// UnknownKey is a setting that nothing has asked for: a misspelt one, or one of
// something that is not there.
type UnknownKey struct {
	Key     string // as written; of an environment variable a guess, with a dot for each underscore
	Origin  Origin // where it is set
	Nearest string // the key that was asked for and looks most like it, or ""
	Remedy  string // what to do with a variable that is meant for a key without pyfly, or ""
}

// UnknownKeys returns the settings below prefix that nothing has asked for so
// far, sorted by key. Asking is any reading but [Config.Keys], which makes no
// key below its prefix known; reading a map of single values, or into an any,
// makes all known that is below it. Variables of the environment count only if
// they can set keys.
func (c *Config) UnknownKeys(prefix string) []UnknownKey {
	var unknown []UnknownKey
	candidates := c.asked.all()
	seen := map[string]bool{fileVariable: true, profilesVariable: true}
	c.merged.Load().root.leaves("", func(key string, n *node) {
		if v, ok := c.environment().lookUp(key); ok {
			seen[v.name] = true
		}
		if isBelow(canonicalKey(key), canonicalKey(prefix)) && !c.isKnown(key) {
			n = c.override(key, n)
			key = n.writtenKey(key)
			unknown = append(unknown, UnknownKey{Key: key, Origin: n.origin, Nearest: nearest(key, candidates)})
		}
	})
	for _, v := range c.environment().variables() {
		seen[v.name] = seen[v.name] || isKnownVariable(v, candidates)
	}
	for _, v := range c.environment().unlike(seen) {
		if _, isBelow := cutKey(v.setsAs, prefix); isBelow {
			unknown = append(unknown, unknownVariable(v, candidates))
		}
	}
	slices.SortFunc(unknown, func(a, b UnknownKey) int { return cmp.Compare(a.Key, b.Key) })
	return slices.Compact(unknown) // a short form may stand for several keys
}

func unknownVariable(v variable, candidates []askedKey) UnknownKey {
	key := keyOfVariable(v.setsAs)
	unknown := UnknownKey{Key: key, Origin: Origin{Env: v.name}, Nearest: nearest(key, candidates)}
	rest, isOurs := strings.CutPrefix(v.setsAs, ownPrefix)
	section, _, _ := strings.Cut(strings.TrimLeft(rest, "_"), "_")
	if !isOurs || unknown.Nearest != "" || section == "" || isSection(section, candidates) {
		return unknown
	}
	unknown.Remedy = fmt.Sprintf("to set a key below %s, name the variable %s and load with config.Env(%q), or register properties with that prefix",
		strings.ToLower(section), strings.TrimLeft(rest, "_"), section)
	return unknown
}

// isSection reports whether some key is asked for below pyfly and a section.
func isSection(section string, candidates []askedKey) bool {
	return slices.ContainsFunc(candidates, func(known askedKey) bool {
		below, isOurs := strings.CutPrefix(canonicalKey(known.key), "pyfly.")
		first, _, _ := strings.Cut(below, ".")
		return isOurs && lettersOf(first) == lettersOf(section)
	})
}

func (c *Config) isKnown(key string) bool {
	return canonicalKey(key) == profilesKey || c.asked.knows(key)
}

func isKnownVariable(v variable, candidates []askedKey) bool {
	return slices.ContainsFunc(candidates, func(known askedKey) bool {
		rest, ok := cutKey(v.setsAs, known.key)
		return ok && (rest == "" || known.whole)
	})
}

// leaves calls visit for every scalar and list below n with its key as written.
func (n *node) leaves(key string, visit func(key string, n *node)) {
	if n.group == nil {
		visit(key, n)
		return
	}
	for _, child := range n.children() {
		child.leaves(joinKey(key, child.name), visit)
	}
}

// nearest returns the candidate that fewest edits tell from key, or "" if that
// takes more than a slip of the pen would.
func nearest(key string, candidates []askedKey) string {
	letters := lettersOf(key)
	last := key[strings.LastIndex(key, ".")+1:]
	best, fewest := "", max(2, len(last)/3)+1
	for _, candidate := range candidates {
		d := naming.Distance(letters, lettersOf(candidate.key), fewest)
		if d < fewest || d == fewest && best != "" && candidate.key < best {
			best, fewest = candidate.key, d
		}
	}
	return best
}
