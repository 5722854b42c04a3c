// SPDX-License-Identifier: Apache-2.0

// Package goroutines labels goroutines and finds the goroutines of a label, to
// report where one hangs and which ones were leaked. A goroutine passes its
// labels on to the goroutines that it starts, and profiles show them.
package goroutines

import (
	"bytes"
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
)

// The labels that PyFly sets.
const (
	Context = "pyfly.context" // the application context: see ID
	Bean    = "pyfly.bean"
	Hook    = "pyfly.hook"
)

// ID identifies an owner of goroutines among all live ones.
func ID(owner any) string { return fmt.Sprintf("%p", owner) }

// Label permanently labels the calling goroutine with pairs of names and
// values.
func Label(pairs ...string) {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(pairs...)))
}

// Number returns the number of the calling goroutine, as shown in stack traces.
// It takes microseconds, and longer for deeper stacks.
func Number() uint64 {
	var trace [40]byte // "goroutine 18446744073709551615 [running]"
	text := trace[:runtime.Stack(trace[:], false)]
	var number uint64
	for _, c := range bytes.TrimPrefix(text, []byte("goroutine ")) {
		if c < '0' || c > '9' {
			break
		}
		number = number*10 + uint64(c-'0')
	}
	return number
}

// Find returns the stacks of the goroutines that have all the labels, with one
// line per frame, innermost first: "function (folder/file.go:12)". Frames of
// the Go runtime, and those for which skip returns true, are omitted. It
// briefly stops the world.
func Find(skip func(function string) bool, pairs ...string) [][]string {
	var profile bytes.Buffer
	if err := pprof.Lookup("goroutine").WriteTo(&profile, 1); err != nil {
		return nil
	}
	var stacks [][]string
	for block := range strings.SplitSeq(profile.String(), "\n\n") {
		if hasLabels(block, pairs) {
			stacks = append(stacks, framesOf(block, skip))
		}
	}
	return stacks
}

func hasLabels(block string, pairs []string) bool {
	_, labels, found := strings.Cut(block, "\n# labels: ")
	if !found {
		return false
	}
	labels, _, _ = strings.Cut(labels, "\n")
	for i := 0; i+1 < len(pairs); i += 2 {
		if !strings.Contains(labels, strconv.Quote(pairs[i])+":"+strconv.Quote(pairs[i+1])) {
			return false
		}
	}
	return true
}

// framesOf parses lines such as "#        0x47f8e1        main.main.func1+0x21
// /src/main.go:20".
func framesOf(block string, skip func(string) bool) []string {
	var frames []string
	for line := range strings.SplitSeq(block, "\n") {
		parts := strings.Split(line, "\t")
		if len(parts) < 4 || parts[0] != "#" {
			continue
		}
		function, _, _ := strings.Cut(strings.TrimSpace(parts[2]), "+0x")
		if strings.HasPrefix(function, "runtime.") || strings.HasPrefix(function, "internal/synctest.") || skip(function) {
			continue
		}
		dir, file := filepath.Split(parts[len(parts)-1])
		frames = append(frames, fmt.Sprintf("%s (%s/%s)", function, filepath.Base(dir), file))
	}
	return frames
}
