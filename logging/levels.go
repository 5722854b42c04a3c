// SPDX-License-Identifier: Apache-2.0

package logging

import (
	"cmp"
	"log/slog"
	"maps"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// levels are the levels of all packages.
type levels struct {
	root  slog.Level
	rules []rule
	least slog.Level // that some package lets pass

	mu     sync.Mutex // serialises changes of places
	places atomic.Pointer[map[uintptr]slog.Level]
}

// at returns the level at a place in the program. There are as many places as
// calls that log, so that what is found out about them can be kept.
func (l *levels) at(pc uintptr) slog.Level {
	if len(l.rules) == 0 || pc == 0 {
		return l.root
	}
	if places := l.places.Load(); places != nil {
		if level, known := (*places)[pc]; known {
			return level
		}
	}
	level := l.of(packageOf(pc))
	l.mu.Lock()
	defer l.mu.Unlock()
	places := map[uintptr]slog.Level{}
	if known := l.places.Load(); known != nil {
		maps.Copy(places, *known)
	}
	places[pc] = level
	l.places.Store(&places)
	return level
}

// of returns the level of a package.
func (l *levels) of(path string) slog.Level {
	segments := strings.Split(canonical(path), "/")
	level, best := l.root, match{}
	for _, r := range l.rules {
		if m := r.match(segments); m.compare(best) > 0 {
			level, best = r.level, m
		}
	}
	return level
}

// packageOf returns the import path of the function at pc.
func packageOf(pc uintptr) string {
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return packagePath(frame.Function)
}

// packagePath returns the import path in the name of a function:
// "gopkg.in/yaml%2ev3.(*Decoder).Decode" is of gopkg.in/yaml.v3.
func packagePath(function string) string {
	function, _, _ = strings.Cut(function, "[") // type arguments
	folder := strings.LastIndexByte(function, '/') + 1
	name, _, _ := strings.Cut(function[folder:], ".")
	path := function[:folder] + name
	if unescaped, err := url.PathUnescape(path); err == nil {
		return unescaped
	}
	return path
}

// rule is the level of the packages that a key names.
type rule struct {
	level    slog.Level
	segments []string // of a key that is written; canonical
	letters  string   // of a key of the environment, which has no segments
}

func newRule(name string, isVariable bool, level slog.Level) rule {
	if isVariable {
		return rule{level: level, letters: withoutDots.Replace(canonical(name))}
	}
	return rule{level: level, segments: strings.Split(strings.Trim(canonical(name), "/"), "/")}
}

var (
	withoutDashes = strings.NewReplacer("-", "", "_", "")
	withoutDots   = strings.NewReplacer(".", "", "/", "")
)

// canonical is the form in which names are compared: that of keys, for which
// case, dashes and underscores do not matter.
func canonical(name string) string { return withoutDashes.Replace(strings.ToLower(name)) }

// match says how well a rule fits a package: not at all if count is 0.
type match struct {
	count    int // of segments
	end      int // after the last of them
	variable int // 1 if the environment says so
}

func (m match) compare(other match) int {
	return cmp.Or(cmp.Compare(m.count, other.count), cmp.Compare(m.end, other.end), cmp.Compare(m.variable, other.variable))
}

// match looks for the rule's name in the segments of an import path.
func (r rule) match(path []string) match {
	best := match{}
	for end := range len(path) + 1 {
		if count := r.endsAt(path[:end]); count > 0 {
			best = match{count: count, end: end}
		}
	}
	if best.count > 0 && r.letters != "" {
		best.variable = 1
	}
	return best
}

// endsAt returns how many of the last segments are the rule's name, or 0.
func (r rule) endsAt(path []string) int {
	if r.letters == "" {
		if count := len(r.segments); count <= len(path) && slices.Equal(path[len(path)-count:], r.segments) {
			return count
		}
		return 0
	}
	rest := r.letters
	for i := len(path) - 1; i >= 0; i-- {
		before, ok := strings.CutSuffix(rest, withoutDots.Replace(path[i]))
		if !ok {
			return 0
		}
		if before == "" {
			return len(path) - i
		}
		rest = before
	}
	return 0
}
