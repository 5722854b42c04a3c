// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"maps"
	"os"
	"slices"
	"testing"
	"time"
)

var (
	seeds         = flag.Uint64("seeds", defaultSeeds, "how many worlds to run")
	first         = flag.Uint64("first", 1, "the first seed")
	seed          = flag.Uint64("seed", 0, "run this world only, and print its trace")
	off           = flag.String("off", "", "features that worlds do not have")
	collide       = flag.Bool("collide", false, "let things happen at one instant")
	table         = flag.String("coverage", "", "write the table of feature x feature to this file")
	explains      = flag.Bool("explain", true, "shrink and show the worlds of the first findings")
	mostExplained = flag.Int("explained", 3, "how many of them")
	strict        = flag.Bool("strict", false, "known findings fail the run too")
	child         = flag.String("child", "", "run these worlds in this process: first,step,count")
	withTrace     = flag.Bool("trace", false, "report the traces of worlds")
)

func options() Options { return Options{Off: splitFeatures(*off), Collide: *collide} }

// TestWorlds runs the worlds of many seeds.
func TestWorlds(t *testing.T) {
	if *seed != 0 {
		repeat(t)
		return
	}
	begun := time.Now()
	counts, samples, met := map[string]int{}, map[string]report{}, coverage{}
	runAll(*first, *seeds, options(), func(r report) {
		met.add(r)
		for _, kind := range r.kinds() {
			counts[kind]++
			if old, ok := samples[kind]; !ok || r.Seed < old.Seed {
				samples[kind] = r
			}
		}
	})
	fmt.Printf("%d worlds in %s\n", *seeds, time.Since(begun).Round(time.Millisecond))
	tell(met)
	reported := 0
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		if what, isKnown := known[kind]; isKnown && !*strict {
			fmt.Printf("known: %s, in %d worlds, first in seed %d: %s\n", kind, counts[kind], samples[kind].Seed, what)
			continue
		}
		t.Errorf("%s, in %d worlds, first in seed %d", kind, counts[kind], samples[kind].Seed)
		if reported++; *explains && reported <= *mostExplained {
			explain(t, kind, samples[kind])
		}
	}
}

// explain shows the smallest world that has a finding.
func explain(t *testing.T, kind string, sample report) {
	small, options := shrink(sample.Seed, kind, options())
	if len(small.Findings) == 0 {
		small, options = sample, Options{Collide: *collide}
	}
	t.Logf("repeat with: %s\nfeatures: %v\n%s", command(sample.Seed, options), small.Features, small.Trace)
	for _, f := range small.Findings {
		t.Logf("%s: %s", f.Kind, f.Detail)
	}
}

// tell prints which features never met.
func tell(met coverage) {
	out := io.Writer(io.Discard)
	if *table != "" {
		file, err := os.Create(*table)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer func() { _ = file.Close() }()
		out = file
	}
	missing := met.write(out)
	if *table != "" {
		fmt.Printf("how many worlds had two features: %s\n", *table)
	}
	fmt.Printf("%d features, %d pairs of them, %d never met", len(features), len(features)*(len(features)-1)/2, len(missing))
	for i, pair := range missing {
		if i == 10 {
			fmt.Print(", ...")
			break
		}
		fmt.Printf("%s %s", map[bool]string{true: ":", false: ","}[i == 0], pair)
	}
	fmt.Println()
}

// repeat runs one world, and if it may run differently each time, up to 200 times.
func repeat(t *testing.T) {
	times := 1
	if *collide {
		times = 200
	}
	for range times {
		r := runOne(*seed, options())
		if len(r.Findings) == 0 && times > 1 {
			continue
		}
		fmt.Printf("features: %v\n%s", r.Features, r.Trace)
		for _, f := range r.Findings {
			t.Errorf("%s: %s", f.Kind, f.Detail)
		}
		return
	}
	fmt.Printf("no finding in %d runs\n", times)
}

// TestChild runs the worlds that a parent asks for. It is no test by itself.
func TestChild(t *testing.T) {
	if *child == "" {
		t.Skip("a part of TestWorlds")
	}
	log.SetOutput(io.Discard) // net/http complains of servers that lie
	var from, step, count uint64
	if _, err := fmt.Sscanf(*child, "%d,%d,%d", &from, &step, &count); err != nil {
		t.Fatal(err)
	}
	for i := range count {
		fmt.Printf("%s%d\n", beginPrefix, from+i*step)
		w := Run(t, from+i*step, options())
		text := w.trace.String()
		r := report{Seed: w.Seed, Features: w.Features(), Findings: w.Findings, Hash: fmt.Sprintf("%x", sha256.Sum256([]byte(text)))}
		if *withTrace {
			r.Trace = text
		}
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%s%s\n", reportPrefix, line)
	}
}

// TestTheSameSeedGivesTheSameWorld runs seeds again and again, on one processor
// and on two.
func TestTheSameSeedGivesTheSameWorld(t *testing.T) {
	const seeds, runs = sameSeeds, 20
	hashes := map[uint64]string{}
	for run := range runs {
		environment := fmt.Sprintf("GOMAXPROCS=%d", 1+run%2)
		job{first: *first, step: 1, count: seeds, environment: []string{environment}}.run(func(r report) {
			if before, seen := hashes[r.Seed]; seen && before != r.Hash {
				t.Errorf("seed %d: run %d with %s differs from those before it", r.Seed, run, environment)
			}
			hashes[r.Seed] = r.Hash
		})
	}
}
