// SPDX-License-Identifier: Apache-2.0

// Package goroutines labels goroutines and finds those of a label again, to say
// where one that hangs stands, and which ones were left behind. A goroutine
// hands its labels on to those that it starts, and profiles show them.
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
	Context = "pyfly.context" // which application context: see ID
	Bean    = "pyfly.bean"
	Hook    = "pyfly.hook"
)

// ID tells one living owner of goroutines from another.
func ID(owner any) string { return fmt.Sprintf("%p", owner) }

// Label labels the calling goroutine, for good, with pairs of names and values.
func Label(pairs ...string) {
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels(pairs...)))
}

// Number tells the calling goroutine from all others that run: the number that
// stack traces show. It costs microseconds, more the deeper the stack is.
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

// Find returns the stacks of the goroutines that have all the labels, a line a
// frame, innermost first: "function (folder/file.go:12)". Frames of the run
// time, and those for which skip returns true, are left out. It stops the world
// for a moment.
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

// framesOf reads lines such as "#	0x47f8e1	main.main.func1+0x21	/src/main.go:20".
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
